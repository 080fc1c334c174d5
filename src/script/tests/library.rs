//! Functions of `scripts/*.rhai`.

use super::super::RefusalCode;
use super::*;

const PRORATED: &str = "\
/// What is left of a payment.
fn prorated(paid, term_days, used_days, digits) {
    let left = max(term_days - used_days, 0);
    truncate(paid * left / term_days, digits)
}

fn or_zero(value) {
    if value == () { 0 } else { value }
}

fn is_old(kind, days) {
    kind == \"perpetual-software\" && days > limit_of(kind)
}

fn limit_of(kind) {
    if kind == \"server-subscription\" { 30 } else { 10 }
}
";

fn called(script: &str) -> String {
    let library = match library(PRORATED) {
        Ok(library) => library,
        Err(refusals) => return refusals.iter().map(|(f, r)| format!("{f}: {r}")).collect(),
    };
    match Script::compile(script, None, &Shop, &library) {
        Ok(script) => run(&script, &facts()).map_or_else(|error| format!("error: {error}"), |value| show(&value)),
        Err(refusals) => format!("refused: {}", messages(&refusals)),
    }
}

#[test]
fn functions_are_typed_where_they_are_called() {
    let cases = [
        ("prorated(order.total, window.days, order.age_days, minor_units(order.currency))", "600.00"),
        ("prorated(100, 3, 1, 2)", "66.00"),
        ("prorated(order.total, x - 7, 1, 2)", "error: `/` divides by zero"),
        ("or_zero(order.discount)", "0"),
        ("or_zero(x) + or_zero(order.discount)", "7"),
        ("is_old(product.kind, order.age_days)", "true"),
        ("let left = 2; or_zero(left)", "2"),
    ];
    for (script, expected) in cases {
        assert_eq!(called(script), expected, "{script}");
    }
}

#[test]
fn a_mistake_in_a_body_is_told_at_the_call() {
    let cases = [
        (
            "prorated(order.title, 3, 1, 2)",
            "refused: `prorated(text, integer, integer, integer)` is refused at scripts/test.rhai:4: `*` cannot combine \
             text with integer",
        ),
        (
            "or_zero(order.fee) > 1",
            "refused: `or_zero(decimal or absent)` is refused at scripts/test.rhai:8: the branches of this `if` give \
             integer and decimal",
        ),
        (
            "is_old(order.market, 3)",
            "refused: `is_old(market, integer)` is refused at scripts/test.rhai:12: `perpetual-software` is not a code of \
             `market`",
        ),
        ("or_zero(1, 2)", "refused: `or_zero` takes 1 argument, 2 given"),
        ("prorate(1, 2, 3, 4)", "refused: there is no function `prorate`"),
    ];
    for (script, expected) in cases {
        assert!(called(script).starts_with(expected), "{script}: {}", called(script));
    }
}

#[test]
fn functions_are_listed_with_their_place() {
    let listed = library(PRORATED).map(|library| {
        library.functions().map(|(name, arity, file, line)| format!("{name}/{arity} {file}:{line}")).collect::<Vec<_>>()
    });
    let expected = ["prorated/4 scripts/test.rhai:2", "or_zero/1 scripts/test.rhai:7", "is_old/2 scripts/test.rhai:11"];
    let listed = listed.unwrap_or_default();
    assert_eq!(listed.iter().take(3).map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn what_a_library_may_not_hold() {
    let cases = [
        ("let a = 1;", "only functions may stand here"),
        ("fn f() { 1 } f()", "only functions may stand here"),
        ("fn f(a) { f(a) }", "`f` calls itself"),
        ("fn f(a) { g(a) } fn g(a) { h(a) } fn h(a) { f(a) }", "`f` calls itself through `h`"),
        ("fn f(a) { b }", "`b` is unknown in this function"),
        ("fn f(a) { order.total }", "`order.total` is unknown in this function"),
        ("fn f(a) { let a = 1; a }", "`a` is already defined"),
        ("fn f(a) { sleep(a) }", "there is no function `sleep`"),
        ("fn f(a) { }", "this gives no value"),
        ("fn f(a) { this }", "`this` is not allowed in scripts"),
        ("fn int.f(a) { a }", "`f` belongs to a type"),
        ("fn min(a, b) { a }", "`min` is a built-in function"),
        ("fn f(a) { a } fn f(a, b) { a }", "`f` is already defined at scripts/test.rhai:1"),
        ("fn f(a) { while true {} }", "`while` is not allowed in scripts"),
        ("fn f(a) { fn g() { 1 } a }", "functions are defined only at the top of a file of `scripts/`"),
        ("fn f(a) { a = 1; a }", "nothing can be assigned to"),
    ];
    for (text, expected) in cases {
        let found = library(text).map(|_| ()).map_err(|r| r.first().map(|(file, r)| (file.clone(), r.message.clone())));
        assert_eq!(found, Err(Some(("scripts/test.rhai".to_owned(), expected.to_owned()))), "{text}");
    }
}

#[test]
fn calls_that_multiply_are_refused_when_loaded() {
    let mut text = "fn f1(a) { a + 1 }\n".to_owned();
    for i in 2..=8_usize {
        let below = i.saturating_sub(1);
        let calls = vec![format!("f{below}(a)"); 20].join(" + ");
        text.push_str(&format!("fn f{i}(a) {{ {calls} }}\n"));
    }
    let found = library(&text).map_err(|r| r.len()).map(|library| {
        let refusals = Script::compile("f8(x)", None, &Shop, &library).err().unwrap_or_default();
        refusals.iter().map(|r| r.code).collect::<Vec<_>>()
    });
    assert_eq!(found, Ok(vec![RefusalCode::ScriptTooLarge]));
}

#[test]
fn files_share_their_functions() {
    let files = [("a.rhai", "fn twice(a) { times(a, 2) }"), ("b.rhai", "fn times(a, b) { a * b }")];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let found = Library::compile(&files, &ScriptLimits::default()).map_err(|r| r.len()).and_then(|library| {
        let script = Script::compile("twice(x)", None, &Shop, &library).map_err(|r| r.len())?;
        Ok(run(&script, &facts()))
    });
    assert_eq!(found, Ok(Ok(Some(Value::Integer(14)))));
    let clash = [("a.rhai", "fn f(a) { a }"), ("b.rhai", "\nfn f(a) { a }")];
    let clash = clash.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let found = Library::compile(&clash, &ScriptLimits::default()).map(|_| ());
    let found = found.map_err(|r| r.into_iter().map(|(file, r)| (file, r.message)).collect::<Vec<_>>());
    assert_eq!(found, Err(vec![("b.rhai".to_owned(), "`f` is already defined at a.rhai:1".to_owned())]));
}
