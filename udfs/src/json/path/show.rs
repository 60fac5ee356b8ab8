//! A path as text, as PostgreSQL's `jsonpath_out` writes it.

use super::super::value::write_string;
use super::syntax::{Binary, Chain, Node, Path, Unary};

impl Path {
    /// The text of the path.
    pub(in super::super) fn to_text(&self) -> String {
        let mut out = String::new();
        if self.is_strict {
            out.push_str("strict ");
        }
        write(&self.root, true, &mut out);
        out
    }
}

/// How close a part holds together.
fn priority(chain: &Chain) -> u8 {
    match chain.first() {
        Some(Node::Binary(operator, ..)) => match operator {
            Binary::Or => 0,
            Binary::And => 1,
            Binary::Add | Binary::Subtract => 3,
            Binary::Multiply | Binary::Divide | Binary::Modulo => 4,
            _ => 2,
        },
        Some(Node::StartsWith(..)) => 2,
        Some(Node::Unary(Unary::Plus | Unary::Minus, _)) => 5,
        _ => 6,
    }
}

fn write(chain: &Chain, has_brackets: bool, out: &mut String) {
    let has_next = chain.len() > 1;
    for (index, node) in chain.iter().enumerate() {
        write_node(
            node,
            index > 0,
            has_brackets || has_next,
            has_next,
            chain,
            out,
        );
    }
}

fn write_node(
    node: &Node,
    is_step: bool,
    has_brackets: bool,
    has_next: bool,
    chain: &Chain,
    out: &mut String,
) {
    let around = |out: &mut String, has: bool, write: &dyn Fn(&mut String)| {
        if has {
            out.push('(');
        }
        write(out);
        if has {
            out.push(')');
        }
    };
    let operand = |operand: &Chain, out: &mut String| {
        write(operand, priority(operand) <= priority(chain), out);
    };
    match node {
        Node::Null => out.push_str("null"),
        Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Number(number) => around(out, has_next, &|out| out.push_str(number)),
        Node::String(text) => write_string(text, out),
        Node::Variable(name) => {
            out.push('$');
            write_string(name, out);
        }
        Node::Root => out.push('$'),
        Node::Current => out.push('@'),
        Node::Last => out.push_str("last"),
        Node::Binary(operator, left, right) => around(out, has_brackets, &|out| {
            operand(left, out);
            out.push(' ');
            out.push_str(operator.symbol());
            out.push(' ');
            operand(right, out);
        }),
        Node::StartsWith(left, right) => around(out, has_brackets, &|out| {
            operand(left, out);
            out.push_str(" starts with ");
            operand(right, out);
        }),
        Node::LikeRegex(left, pattern) => around(out, has_brackets, &|out| {
            operand(left, out);
            out.push_str(" like_regex ");
            write_string(&pattern.text, out);
            if !pattern.flags.is_empty() {
                out.push_str(&format!(" flag \"{}\"", pattern.flags));
            }
        }),
        Node::Unary(sign @ (Unary::Plus | Unary::Minus), inner) => {
            around(out, has_brackets, &|out| {
                out.push(if *sign == Unary::Plus { '+' } else { '-' });
                operand(inner, out);
            });
        }
        Node::Unary(Unary::Not, inner) => enclosed("!(", inner, ")", out),
        Node::Unary(Unary::IsUnknown, inner) => enclosed("(", inner, ") is unknown", out),
        Node::Unary(Unary::Exists, inner) => enclosed("exists (", inner, ")", out),
        Node::Filter(condition) => enclosed("?(", condition, ")", out),
        Node::Key(key) => {
            if is_step {
                out.push('.');
            }
            write_string(key, out);
        }
        Node::AnyKey => out.push_str(if is_step { ".*" } else { "*" }),
        Node::AnyArray => out.push_str("[*]"),
        Node::Subscripts(indexes) => {
            out.push('[');
            for (index, (from, to)) in indexes.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(from, false, out);
                if let Some(to) = to {
                    out.push_str(" to ");
                    write(to, false, out);
                }
            }
            out.push(']');
        }
        Node::AnyLevel(first, last) => {
            out.push_str(if is_step { ".**" } else { "**" });
            let shown = |level: &Option<u32>| {
                level.map_or_else(|| "last".to_owned(), |level| level.to_string())
            };
            match (first, last) {
                (Some(0), None) => {}
                (first, last) if first == last => out.push_str(&format!("{{{}}}", shown(first))),
                (first, last) => {
                    out.push_str(&format!("{{{} to {}}}", shown(first), shown(last)));
                }
            }
        }
        Node::Method(method) => out.push_str(&format!(".{}()", method.name())),
        Node::Datetime(template) => {
            out.push_str(".datetime(");
            if let Some(template) = template {
                write_string(template, out);
            }
            out.push(')');
        }
    }
}

fn enclosed(front: &str, inner: &Chain, behind: &str, out: &mut String) {
    out.push_str(front);
    write(inner, false, out);
    out.push_str(behind);
}
