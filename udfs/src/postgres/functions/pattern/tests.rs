//! Expressions made at random, with what PostgreSQL 15 finds: `regexp_match` as JSON.

use super::super::regular_expression::Flags;
use super::Pattern;

const FOUND: &[(&str, &str, &str)] = &[
    ("([ab]{1,1}?){0,2}?", "cabaaab", "[null]"),
    ("c{0,2}?a*?", "b", r#"[""]"#),
    ("(((?:c*){0,2}?)+)", "", r#"["",""]"#),
    ("(?:[^a]{2}?[^a]a)+?b", "bbcabaa", r#"["bbcab"]"#),
    ("[^a]??(.)+?b", "acb", r#"["c"]"#),
    ("[^a]{1,1}?[ab]([ab])", "ab", "none"),
    ("([^a]|a)[^a]{0,2}?a", "caabb", r#"["c"]"#),
    ("^(?:a)*b{1,1}$", "baba", "none"),
    ("b*?(cc){0,2}?((.+?)|.{1,1})", "bbb", r#"[null,"b","b"]"#),
    ("^(c{1,1}?){2,}b$", "cab", "none"),
    ("bc|ca+c|b", "abbcbab", r#"["b"]"#),
    ("(?:(a){0,2}?|c{2,}.*b??)+?", "bcbb", "[null]"),
    ("(?:c{0,2}?){2,}", "cc", r#"["cc"]"#),
    ("a.{2}?a{2}?|a", "aacb", r#"["a"]"#),
    ("[ab]{2,}(?:(?:b*)+?c)", "abacab", r#"["abac"]"#),
    ("(a+?a{2}c??)*", "acac", "[null]"),
    ("(?:(a+?|(a)(a.)))", "acaa", r#"["a",null,null]"#),
    ("[ab]*?(?:(?:b{1,1}){1,1}?c*|[ab])", "ccb", r#"["b"]"#),
    ("b*(b*?ba)b", "ccaac", "none"),
    ("(?:a{2}?.b|c)??|aca{0,2}?|[ab]?", "aacba", r#"["aacb"]"#),
    ("b+(a)??", "baa", r#"["a"]"#),
    ("baa|[^a]??", "ba", r#"["b"]"#),
    ("a*?|(?:.)b*?a", "ba", r#"["ba"]"#),
    ("(c((ca{2,})?(a*?ca{2}?|b).)+?)", "b", "none"),
    ("a*?[ab]", "bbbc", r#"["b"]"#),
    ("(?<=b[ab]??b)", "babab", r#"[""]"#),
    ("[^a]|a+", "bbaa", r#"["b"]"#),
    ("c??.{2}", "", "none"),
    ("a??(a*?(a{2,}[ab]{2}?))*?", "bb", "[null,null]"),
    ("(c{2}|[^a]c)+?|(((?:.)).|.)b", "baa", "none"),
    ("(?!(.b){2}?[ab]?.)a??", "acaa", r#"[""]"#),
    ("aa??(?<!(.a)|c+)", "a", r#"["a"]"#),
    ("^((c+?))$", "cc", r#"["cc","cc"]"#),
    (".?(?:a{2})", "baaacaa", r#"["baa"]"#),
    ("^a{0,2}?a(.*(?<=(aca))){2}?$", "b", "none"),
    ("(?<!a?c{2}?)", "aa", r#"[""]"#),
    ("(?:((.{2}|a{1,1}))*?[ab]{2}){2,}", "baab", "[null,null]"),
    ("(?!(b{1,1}(b+)c{2}?|(b.a))*a*?a)", "ca", r#"[""]"#),
    ("ac{0,2}?", "babbbc", r#"["a"]"#),
    ("[^a](c+?)*b", "cabbab", "[null]"),
    ("(?<=b(b{2}.))", "ab", "none"),
    ("(?<!b{1,2})|.{1,1}", "", r#"[""]"#),
    ("(?<!(.{2}?b{0,2}?a)+?)a?", "ca", r#"[""]"#),
    ("(?:a?a+?)", "aabba", r#"["aa"]"#),
    ("a(a??b{2}?((?:a))*?){1,2}", "ab", "none"),
    ("(a{0,2}?(?!(?:b))|c(?:[^a]a+)??a)", "ababaab", r#"[""]"#),
    ("(?=.).{2,}b{1,2}", "bac", "none"),
    ("c(?:b*?)c{1,2}", "bb", "none"),
    ("(.)?(?:b{1,1})?", "a", r#"["a"]"#),
    ("(b+?)(?!.[^a].)", "bcbbc", r#"["b"]"#),
    (r#"(..c??){1,2}\1"#, "ccab", "none"),
    ("b{2,}|c(?=b.)", "cbcbbbc", r#"["c"]"#),
    ("[^a]+[ab]??", "ccabbaa", r#"["cca"]"#),
    ("aa(?!b{1,2})", "aa", r#"["aa"]"#),
    ("((bbb)((?!.a{1,2}a?))b)*", "abbc", "[null,null,null]"),
    (r#"(a??)\1"#, "a", r#"[""]"#),
    ("^b??([^a]){2,}$", "cbaa", "none"),
    ("((b){2}?)+", "cbbaba", r#"["bb","b"]"#),
    ("^(a(b.*?a)+(ab{1,1}))$", "baaab", "none"),
    ("(?=(?:(c?)))", "bab", r#"[""]"#),
    (".a*|a*.c", "bababba", r#"["ba"]"#),
    ("^(a{0,2}?c{0,2}?.??)$", "bbc", "none"),
    (".*?(?=aa)", "aabac", r#"[""]"#),
    (r#"(b*)a|(?:b){0,2}?|b*a{2,}\1{2}?"#, "babc", r#"["b"]"#),
    ("^(?:(?:a|c+?b+?|.)*)$", "bbbaaba", r#"["bbbaaba"]"#),
    (
        "((ca+)??)|((b+).)??a{1,1}?",
        "abab",
        "[null,null,null,null]",
    ),
    ("(ca{2}b)??", "aaa", "[null]"),
    ("(?<=c*.{2,}|.|a)aa", "baac", r#"["aa"]"#),
    ("(?:c(?:(?!ba{1,1}?.)))+.", "a", "none"),
];

fn found(expression: &str, text: &str) -> String {
    let pattern = Pattern::read(expression, Flags::default()).unwrap();
    let Some(spans) = pattern.find(text, 0).unwrap() else {
        return "none".to_owned();
    };
    let first = usize::from(spans.len() > 1);
    let groups = spans[first..].iter().map(|span| match span {
        Some((start, end)) => format!("\"{}\"", &text[*start..*end]),
        None => "null".to_owned(),
    });
    format!("[{}]", groups.collect::<Vec<_>>().join(","))
}

#[test]
fn matches_are_those_of_postgresql() {
    for (expression, text, expected) in FOUND {
        assert_eq!(found(expression, text), *expected, "{expression} in {text}");
    }
}

#[test]
fn long_texts_are_matched_in_time() {
    let text = "ab".repeat(5_000);
    assert_eq!(found("(a|ab|b)*", &text), "[\"ab\"]");
    assert_eq!(found("(?:ab)*(?=$)", &text), format!("[\"{text}\"]"));
}

#[test]
fn expressions_nest_within_limits() {
    let nested = format!("{}a{}", "(".repeat(300), ")".repeat(300));
    let error = Pattern::read(&nested, Flags::default()).unwrap_err();
    assert_eq!(error.sqlstate, "2201B");
}
