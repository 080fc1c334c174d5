//! Mistakes: code, place, message and suggestion.

use super::super::RefusalCode;
use super::*;

/// The first refusal as `line:column+length code: message (help)`.
fn first(script: &str) -> String {
    match compile(script, None) {
        Ok(_) => "accepted".to_owned(),
        Err(refusals) => refusals.first().map_or_else(|| "nothing said".to_owned(), line),
    }
}

fn line(refusal: &Refusal) -> String {
    let place = refusal.spot.map_or_else(String::new, |s| format!("{}:{}+{} ", s.line, s.column, s.length));
    let help = refusal.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{place}{}: {}{help}", refusal.code, refusal.message)
}

const REFUSED: &[(&str, &str)] = &[
    ("order.age_dys > 3", "1:1+13 unknown-name: `order.age_dys` is unknown (did you mean `order.age_days`?)"),
    (
        "order > 3",
        "1:1+5 unknown-name: `order` is a group of facts, not a value (name one of its facts, such as `order.age_days`)",
    ),
    ("zzzzzzz", "1:1+7 unknown-name: `zzzzzzz` is unknown"),
    ("let abc = 1; abd", "1:14+3 unknown-name: `abd` is unknown (did you mean `abc`?)"),
    ("let a = 1; a.b", "1:12+3 unknown-name: `a` has no part, so `a.b` is unknown"),
    (
        "day_between(order.placed_on, date(at))",
        "1:1+11 unknown-function: there is no function `day_between` (did you mean `days_between`?)",
    ),
    ("sleep(1)", "1:1+5 unknown-function: there is no function `sleep`"),
    ("timestamp()", "1:1+9 unknown-function: there is no function `timestamp`"),
    ("date()", "1:1+4 type-mismatch: `date` takes 1 argument, 0 given (it is `date(timestamp) -> date`)"),
    ("date(x)", "1:6+1 type-mismatch: `date` does not take integer here (it is `date(timestamp) -> date`)"),
    ("order.market == 5", "1:14+2 type-mismatch: `==` cannot compare market with integer"),
    ("order.title > 1", "1:13+1 type-mismatch: `>` cannot compare text with integer"),
    ("order.market == \"N0\"", "1:17+4 type-mismatch: `N0` is not a code of `market` (did you mean `NO`?)"),
    (
        "product.kind in [\"perpetal-software\"]",
        "1:18+19 type-mismatch: `perpetal-software` is not a code of `product-kind` (did you mean `perpetual-software`?)",
    ),
    (
        "order.market == order.title",
        "1:14+2 type-mismatch: `==` cannot compare market with text (compare a symbol with one of its codes, written as a literal)",
    ),
    ("order.market == product.kind", "1:14+2 type-mismatch: `==` cannot compare market with product-kind"),
    ("order.market < order.market", "1:14+1 type-mismatch: `<` does not apply to market"),
    (
        "order.currency == \"NOKK\"",
        "1:19+6 type-mismatch: `NOKK` is not a currency code (write a code of ISO 4217, such as `EUR`)",
    ),
    (
        "order.tags == order.tags",
        "1:12+2 type-mismatch: `==` does not apply to set of text (use `in`, `contains` or `len`)",
    ),
    (
        "x in order.tags",
        "1:1+1 type-mismatch: `contains` does not take integer here (it is `contains(set, element) -> boolean`)",
    ),
    ("x in [1, order.title]", "1:10+11 type-mismatch: `==` cannot compare integer with text"),
    (
        "order.placed_on - order.placed_on",
        "1:17+1 type-mismatch: `-` does not apply to date (write `days_between(from, to)`)",
    ),
    (
        "order.placed_on + 1",
        "1:17+1 type-mismatch: `+` cannot combine date with integer (write `add_days(date, days)`)",
    ),
    (
        "at > order.placed_on",
        "1:4+1 type-mismatch: `>` cannot compare timestamp with date (write `date(…)` of the timestamp)",
    ),
    ("x && order.open", "1:1+1 type-mismatch: `&&` takes booleans, this is integer"),
    ("!x", "1:2+1 type-mismatch: `!` takes booleans, this is integer"),
    ("-order.open", "1:1+1 type-mismatch: `-` takes a number, this is boolean"),
    ("if x { 1 } else { 2 }", "1:4+1 type-mismatch: `if` takes booleans, this is integer"),
    (
        "if order.open { 1 }",
        "1:1+2 type-mismatch: this `if` gives no value when its condition is false (add `else { … }`)",
    ),
    (
        "if order.open { 1 } else { 2.5 }",
        "1:1+2 type-mismatch: the branches of this `if` give integer and decimal (write the integer with a decimal point, or as `decimal(…)`)",
    ),
    (
        "order.fee + 1",
        "1:1+9 type-mismatch: `order.fee` may be absent (test it first with `order.fee != ()`, or give another value with `order.fee ?? …`)",
    ),
    (
        "order.fee == () && order.fee > 1",
        "1:20+9 type-mismatch: `order.fee` may be absent (test it first with `order.fee != ()`, or give another value with `order.fee ?? …`)",
    ),
    (
        "order.fee ?? 0",
        "1:11+2 type-mismatch: `??` chooses between decimal and integer (write the integer with a decimal point, or as `decimal(…)`)",
    ),
    ("() > 1", "1:1+2 type-mismatch: `()` is no value (compare with `== ()` or `!= ()` to test for an absent value)"),
    ("()", "1:1+2 type-mismatch: this gives no value (end with an expression)"),
    ("", "1:1+1 type-mismatch: this gives no value (end with an expression)"),
    ("let a = 1;", "1:1+3 type-mismatch: this gives no value, it ends with a `let` (end with an expression)"),
    ("1; 2", "1:1+1 forbidden-construct: the value of this expression is not used (keep it with `let`, or remove it)"),
    ("let a; 2", "1:5+1 forbidden-construct: `a` is given no value (write `let a = …;`)"),
    ("let x = 1; x", "1:5+1 forbidden-construct: `x` is already defined (choose another name)"),
    ("let order = 1; order", "1:5+5 forbidden-construct: `order` is already defined (choose another name)"),
    ("let a = 1; { let a = 2; a }", "1:18+1 forbidden-construct: `a` is already defined (choose another name)"),
    (
        "order.total = 3; 1",
        "1:1+1 forbidden-construct: nothing can be assigned to (give the new value a name of its own with `let`)",
    ),
    (
        "let a = 1; a += 1; a",
        "1:12+1 forbidden-construct: nothing can be assigned to (give the new value a name of its own with `let`)",
    ),
    ("order.title.len()", "1:13+3 forbidden-construct: `.len(…)` is not allowed in scripts (write `len(order.title)`)"),
    (
        "order?.title",
        "1:6+2 forbidden-construct: `?.` is not allowed in scripts (write `.`; a path that may be absent reads as `()`)",
    ),
    (
        "order.tags[0]",
        "1:7+1 forbidden-construct: `[…]` is not allowed in scripts (scripts do not index; use `in`, `contains` and `len`)",
    ),
    ("`a${x}`", "1:1+1 forbidden-construct: ``…`` is not allowed in scripts (join texts with `+`)"),
    ("#{a: 1}", "1:1+2 forbidden-construct: `#{…}` is not allowed in scripts (scripts make no maps)"),
    ("'a'", "1:1+3 forbidden-construct: `'…'` is not allowed in scripts (write the text in double quotes)"),
    ("[1, 2]", "1:1+1 forbidden-construct: an array may stand only on the right of `in` (write `x in [a, b]`)"),
    (
        "x ** 2",
        "1:3+2 forbidden-construct: `**` is not allowed in scripts (see the documentation of scripts for the operators)",
    ),
    (
        "9223372036854775808",
        "1:1+19 type-mismatch: `9223372036854775808` is outside the range of an integer (write it with a decimal point to make it a decimal)",
    ),
    ("x +", "1:4+1 script-syntax: script is incomplete"),
    ("(x", "1:3+1 script-syntax: expecting ')' for a matching ( in this expression"),
    ("x.default", "1:3+1 script-syntax: 'default' is a reserved keyword"),
];

#[test]
fn refusals_name_the_place_the_reason_and_the_remedy() {
    let mut wrong = Vec::new();
    for (script, expected) in REFUSED {
        let found = first(script);
        if found != *expected {
            wrong.push(format!("{script}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn places_are_right_in_blocks_of_many_lines() {
    let script = "let business = order.title;\nlet a = x;\n\nif order.opn {\n    a + 1\n} else {\n    // «note»\n    \"æøå\" + business + a /* x */ + order.ttl\n}";
    let refusals = compile(script, None).map(|_| ()).map_err(|r| r.iter().map(line).collect::<Vec<_>>());
    let expected = [
        "4:4+9 unknown-name: `order.opn` is unknown (did you mean `order.open`?)",
        "8:22+1 type-mismatch: `+` cannot combine text with integer",
        "8:36+9 unknown-name: `order.ttl` is unknown (did you mean `order.title`?)",
    ];
    assert_eq!(refusals, Err(expected.map(String::from).to_vec()));
}

#[test]
fn a_wanted_type_is_checked_in_every_branch() {
    let wanted = Type::Symbol("market".into());
    let refusals = compile("if order.open { \"NQ\" } else if x > 1 { order.title } else { 3 }", Some(&wanted));
    let found = refusals.map(|_| ()).map_err(|r| r.iter().map(line).collect::<Vec<_>>());
    let expected = [
        "1:17+4 type-mismatch: `NQ` is not a code of `market` (did you mean `NO`?)",
        "1:40+11 type-mismatch: expected market, found text",
        "1:61+1 type-mismatch: expected market, found integer",
    ];
    assert_eq!(found, Err(expected.map(String::from).to_vec()));
    let refusals = compile("order.total", Some(&Type::Integer)).map(|_| ()).map_err(|r| messages(&r));
    assert_eq!(refusals, Err("expected integer, found decimal".to_owned()));
}

#[test]
fn codes_are_kebab_case() {
    let codes = [
        RefusalCode::ScriptSyntax,
        RefusalCode::UnknownName,
        RefusalCode::UnknownFunction,
        RefusalCode::TypeMismatch,
        RefusalCode::ForbiddenConstruct,
        RefusalCode::ScriptTooLarge,
    ];
    assert!(codes.iter().all(|c| c.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
}
