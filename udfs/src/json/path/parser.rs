//! From the text of a path to its syntax tree.

use super::super::number::Parts;
use super::lexer::{Token, syntax_error, tokens};
use super::syntax::{Binary, Chain, Method, Node, Path, Pattern, Unary};
use crate::FunctionError;
use crate::postgres::RegularExpression;

/// The most levels of parentheses, filters and subscripts.
const MAX_DEPTH: usize = 200;

/// Reads a path.
///
/// # Errors
/// 42601 for a text that is none.
pub(in super::super) fn parse(text: &str) -> Result<Path, FunctionError> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(FunctionError {
            message: format!("invalid input syntax for type jsonpath: \"{text}\""),
            ..FunctionError::invalid_text("jsonpath")
        });
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
        filters: 0,
        subscripts: 0,
    };
    let is_strict = parser.takes_name("strict");
    if !is_strict {
        parser.takes_name("lax");
    }
    let part = parser.alternatives()?;
    if parser.at < parser.tokens.len() {
        return Err(parser.unexpected());
    }
    Ok(Path {
        is_strict,
        root: part.chain,
    })
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Filters around: `@` is what they look at.
    filters: usize,
    /// Subscripts around: `last` is of their array.
    subscripts: usize,
}

/// A part, and what of it the grammar asks.
struct Part {
    chain: Chain,
    is_predicate: bool,
    /// Whether it stands in parentheses, or is `exists`.
    is_delimited: bool,
}

impl Part {
    fn expression(chain: Chain) -> Self {
        Self {
            chain,
            is_predicate: false,
            is_delimited: false,
        }
    }

    fn predicate(node: Node, is_delimited: bool) -> Self {
        Self {
            chain: vec![node],
            is_predicate: true,
            is_delimited,
        }
    }
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(own)) if *own == symbol);
        self.at += usize::from(found);
        found
    }

    fn takes_name(&mut self, name: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(own)) if is_keyword(own, name));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), FunctionError> {
        match self.takes(symbol) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    fn unexpected(&self) -> FunctionError {
        let token = match self.peek() {
            None => return syntax_error("syntax error at end"),
            Some(Token::Name(name) | Token::String(name) | Token::Variable(name)) => name.clone(),
            Some(Token::Number(number, _)) => number.clone(),
            Some(Token::Symbol(symbol)) => (*symbol).to_owned(),
        };
        syntax_error(format!("syntax error at or near \"{token}\""))
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, FunctionError>,
    ) -> Result<T, FunctionError> {
        if self.depth == MAX_DEPTH {
            return Err(super::super::failure::too_deep());
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn alternatives(&mut self) -> Result<Part, FunctionError> {
        let mut left = self.conjunction()?;
        while matches!(self.peek(), Some(Token::Symbol("||"))) && left.is_predicate {
            self.at += 1;
            let right = self.conjunction()?;
            left = self.joined(Binary::Or, left, right)?;
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Part, FunctionError> {
        let mut left = self.condition()?;
        while matches!(self.peek(), Some(Token::Symbol("&&"))) && left.is_predicate {
            self.at += 1;
            let right = self.condition()?;
            left = self.joined(Binary::And, left, right)?;
        }
        Ok(left)
    }

    fn joined(&self, operator: Binary, left: Part, right: Part) -> Result<Part, FunctionError> {
        if !right.is_predicate {
            return Err(self.unexpected());
        }
        let node = Node::Binary(operator, left.chain, right.chain);
        Ok(Part::predicate(node, false))
    }

    fn condition(&mut self) -> Result<Part, FunctionError> {
        if self.takes("!") {
            let operand = self.nested(Self::primary)?;
            if !operand.is_predicate || !operand.is_delimited {
                return Err(self.unexpected());
            }
            return Ok(Part::predicate(
                Node::Unary(Unary::Not, operand.chain),
                false,
            ));
        }
        let left = self.sum()?;
        if left.is_predicate {
            return Ok(left);
        }
        let operator = match self.peek() {
            Some(Token::Symbol("==" | "=")) => Binary::Equal,
            Some(Token::Symbol("!=" | "<>")) => Binary::NotEqual,
            Some(Token::Symbol("<")) => Binary::Less,
            Some(Token::Symbol(">")) => Binary::Greater,
            Some(Token::Symbol("<=")) => Binary::LessOrEqual,
            Some(Token::Symbol(">=")) => Binary::GreaterOrEqual,
            Some(Token::Name(name)) if is_keyword(name, "starts") => {
                self.at += 1;
                return self.starts_with(left.chain);
            }
            Some(Token::Name(name)) if is_keyword(name, "like_regex") => {
                self.at += 1;
                return self.like_regex(left.chain);
            }
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.sum()?;
        if right.is_predicate {
            return Err(self.unexpected());
        }
        Ok(Part::predicate(
            Node::Binary(operator, left.chain, right.chain),
            false,
        ))
    }

    fn starts_with(&mut self, left: Chain) -> Result<Part, FunctionError> {
        if !self.takes_name("with") {
            return Err(self.unexpected());
        }
        let start = match self.peek() {
            Some(Token::String(text)) => Node::String(text.clone()),
            Some(Token::Variable(name)) => Node::Variable(name.clone()),
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        Ok(Part::predicate(Node::StartsWith(left, vec![start]), false))
    }

    fn like_regex(&mut self, left: Chain) -> Result<Part, FunctionError> {
        let text = self.quoted()?;
        let flags = match self.takes_name("flag") {
            true => self.quoted()?,
            false => String::new(),
        };
        let pattern = pattern(text, &flags)?;
        Ok(Part::predicate(Node::LikeRegex(left, pattern), false))
    }

    fn quoted(&mut self) -> Result<String, FunctionError> {
        match self.peek() {
            Some(Token::String(text)) => {
                let text = text.clone();
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn sum(&mut self) -> Result<Part, FunctionError> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Symbol("+")) if !left.is_predicate => Binary::Add,
                Some(Token::Symbol("-")) if !left.is_predicate => Binary::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.product()?;
            left = self.computed(operator, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Part, FunctionError> {
        let mut left = self.signed()?;
        loop {
            let operator = match self.peek() {
                Some(Token::Symbol("*")) if !left.is_predicate => Binary::Multiply,
                Some(Token::Symbol("/")) if !left.is_predicate => Binary::Divide,
                Some(Token::Symbol("%")) if !left.is_predicate => Binary::Modulo,
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.signed()?;
            left = self.computed(operator, left, right)?;
        }
    }

    fn computed(&self, operator: Binary, left: Part, right: Part) -> Result<Part, FunctionError> {
        if right.is_predicate {
            return Err(self.unexpected());
        }
        let node = Node::Binary(operator, left.chain, right.chain);
        Ok(Part::expression(vec![node]))
    }

    fn signed(&mut self) -> Result<Part, FunctionError> {
        let sign = match self.peek() {
            Some(Token::Symbol("+")) => Unary::Plus,
            Some(Token::Symbol("-")) => Unary::Minus,
            _ => return self.primary(),
        };
        self.at += 1;
        let operand = self.nested(Self::signed)?;
        if operand.is_predicate {
            return Err(self.unexpected());
        }
        // A number with its sign is a number.
        if let (Unary::Minus, [Node::Number(number)]) = (sign, operand.chain.as_slice()) {
            let negative = match number.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None => format!("-{number}"),
            };
            return Ok(Part::expression(vec![Node::Number(canonical(&negative)?)]));
        }
        if let (Unary::Plus, [Node::Number(_)]) = (sign, operand.chain.as_slice()) {
            return Ok(operand);
        }
        Ok(Part::expression(vec![Node::Unary(sign, operand.chain)]))
    }

    fn primary(&mut self) -> Result<Part, FunctionError> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected());
        };
        let first = match token {
            Token::Symbol("(") => return self.parenthesized(),
            Token::Symbol("$") => Node::Root,
            Token::Symbol("@") => {
                if self.filters == 0 {
                    return Err(syntax_error("@ is not allowed in root expressions"));
                }
                Node::Current
            }
            Token::String(text) => Node::String(text),
            Token::Variable(name) => Node::Variable(name),
            Token::Number(number, _) => Node::Number(canonical(&number)?),
            Token::Name(name) if is_keyword(&name, "exists") => {
                self.at += 1;
                self.expect("(")?;
                let operand = self.nested(Self::sum)?;
                if operand.is_predicate {
                    return Err(self.unexpected());
                }
                self.expect(")")?;
                let node = Node::Unary(Unary::Exists, operand.chain);
                return Ok(Part::predicate(node, true));
            }
            Token::Name(name) => match name.as_str() {
                "null" => Node::Null,
                "true" => Node::Bool(true),
                "false" => Node::Bool(false),
                name if is_keyword(name, "last") => {
                    if self.subscripts == 0 {
                        return Err(syntax_error("LAST is allowed only in array subscripts"));
                    }
                    Node::Last
                }
                _ => return Err(self.unexpected()),
            },
            Token::Symbol(_) => return Err(self.unexpected()),
        };
        self.at += 1;
        let mut chain = vec![first];
        self.accessors(&mut chain)?;
        Ok(Part::expression(chain))
    }

    fn parenthesized(&mut self) -> Result<Part, FunctionError> {
        self.expect("(")?;
        let inner = self.nested(Self::alternatives)?;
        self.expect(")")?;
        if inner.is_predicate && self.takes_name("is") {
            if !self.takes_name("unknown") {
                return Err(self.unexpected());
            }
            let node = Node::Unary(Unary::IsUnknown, inner.chain);
            return Ok(Part::predicate(node, false));
        }
        let mut chain = inner.chain;
        let length = chain.len();
        self.accessors(&mut chain)?;
        if chain.len() > length {
            return Ok(Part::expression(chain));
        }
        Ok(Part {
            chain,
            is_predicate: inner.is_predicate,
            is_delimited: true,
        })
    }

    fn accessors(&mut self, chain: &mut Chain) -> Result<(), FunctionError> {
        loop {
            let node = match self.peek() {
                Some(Token::Symbol("[")) => {
                    self.at += 1;
                    self.subscript()?
                }
                Some(Token::Symbol("?")) => {
                    self.at += 1;
                    self.expect("(")?;
                    self.filters += 1;
                    let condition = self.nested(Self::alternatives)?;
                    self.filters -= 1;
                    if !condition.is_predicate {
                        return Err(self.unexpected());
                    }
                    self.expect(")")?;
                    Node::Filter(condition.chain)
                }
                Some(Token::Symbol(".")) => {
                    self.at += 1;
                    self.member()?
                }
                _ => return Ok(()),
            };
            chain.push(node);
        }
    }

    fn member(&mut self) -> Result<Node, FunctionError> {
        let Some(token) = self.peek().cloned() else {
            return Err(self.unexpected());
        };
        self.at += 1;
        match token {
            Token::String(key) => Ok(Node::Key(key)),
            Token::Symbol("*") => Ok(Node::AnyKey),
            Token::Symbol("**") => self.levels(),
            Token::Name(name) => {
                if !matches!(self.peek(), Some(Token::Symbol("("))) {
                    return Ok(Node::Key(name));
                }
                self.at += 1;
                if name == "datetime" {
                    let template = match self.peek() {
                        Some(Token::String(_)) => Some(self.quoted()?),
                        _ => None,
                    };
                    self.expect(")")?;
                    return Ok(Node::Datetime(template));
                }
                let method = Method::ALL.iter().find(|(known, _)| *known == name);
                let Some((_, method)) = method else {
                    self.at -= 1;
                    return Err(self.unexpected());
                };
                self.expect(")")?;
                Ok(Node::Method(*method))
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn levels(&mut self) -> Result<Node, FunctionError> {
        if !self.takes("{") {
            return Ok(Node::AnyLevel(Some(0), None));
        }
        let first = self.level()?;
        let last = match self.takes_name("to") {
            true => self.level()?,
            false => first,
        };
        self.expect("}")?;
        Ok(Node::AnyLevel(first, last))
    }

    fn level(&mut self) -> Result<Option<u32>, FunctionError> {
        if self.takes_name("last") {
            return Ok(None);
        }
        match self.peek() {
            Some(Token::Number(number, true)) => {
                let level = number.parse().map_err(|_| self.unexpected())?;
                self.at += 1;
                Ok(Some(level))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn subscript(&mut self) -> Result<Node, FunctionError> {
        if self.takes("*") {
            self.expect("]")?;
            return Ok(Node::AnyArray);
        }
        self.subscripts += 1;
        let mut indexes = Vec::new();
        loop {
            let from = self.index()?;
            let to = match self.takes_name("to") {
                true => Some(self.index()?),
                false => None,
            };
            indexes.push((from, to));
            if !self.takes(",") {
                break;
            }
        }
        self.subscripts -= 1;
        self.expect("]")?;
        Ok(Node::Subscripts(indexes))
    }

    fn index(&mut self) -> Result<Chain, FunctionError> {
        let index = self.nested(Self::sum)?;
        match index.is_predicate {
            true => Err(self.unexpected()),
            false => Ok(index.chain),
        }
    }
}

/// Keywords are written in any case, but `null`, `true` and `false`.
fn is_keyword(written: &str, keyword: &str) -> bool {
    written.eq_ignore_ascii_case(keyword)
}

fn canonical(number: &str) -> Result<String, FunctionError> {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let zero = if digits.starts_with('.') { "0" } else { "" };
    let mut text = String::new();
    Parts::of(&format!("{sign}{zero}{digits}"))?.write(&mut text);
    Ok(text)
}

fn pattern(text: String, written: &str) -> Result<Pattern, FunctionError> {
    for flag in written.chars() {
        if flag == 'x' && !written.contains('q') {
            return Err(FunctionError::unsupported(
                "XQuery \"x\" flag (expanded regular expressions) is not implemented",
            ));
        }
        if !"ismxq".contains(flag) {
            return Err(FunctionError {
                sqlstate: "42601",
                message: "invalid input syntax for type jsonpath".to_owned(),
                hint: Some(format!(
                    "Unrecognized flag character \"{flag}\" in LIKE_REGEX predicate."
                )),
            });
        }
    }
    let has = |flag: char| written.contains(flag);
    // XQuery's letters, said in those of PostgreSQL.
    let letters = match (has('q'), has('s'), has('m')) {
        (true, ..) => "q",
        (false, false, false) => "p",
        (false, false, true) => "n",
        (false, true, false) => "s",
        (false, true, true) => "w",
    };
    let case = if has('i') { "i" } else { "" };
    let expression = RegularExpression::with_letters(&text, &format!("{letters}{case}"))?;
    let flags = ['i', 's', 'm', 'x', 'q'];
    Ok(Pattern {
        flags: flags.into_iter().filter(|flag| has(*flag)).collect(),
        text,
        expression,
    })
}
