//! Each bound has a typed refusal or error, the same in debug and release builds.

use super::super::RefusalCode;
use super::*;

fn refusal(script: &str, limits: &ScriptLimits) -> Option<(RefusalCode, String)> {
    let library = Library::empty(limits);
    let refusals = Script::compile(script, None, &Shop, &library).err()?;
    refusals.first().map(|r| (r.code, r.message.clone()))
}

fn too_large(message: &str) -> Option<(RefusalCode, String)> {
    Some((RefusalCode::ScriptTooLarge, message.to_owned()))
}

#[test]
fn bytes_of_the_text() {
    let limits = ScriptLimits { text_bytes: 10, ..ScriptLimits::default() };
    assert_eq!(refusal("x + 123456", &limits), None);
    assert_eq!(refusal("x + 1234567", &limits), too_large("the script has more than 10 bytes"));
}

#[test]
fn operations() {
    let limits = ScriptLimits { operations: 5, ..ScriptLimits::default() };
    assert_eq!(refusal("x + 1 > 2", &limits), None);
    assert_eq!(refusal("x + 1 + 1 > 2", &limits), too_large("this can take 7 operations, more than 5"));
    assert_eq!(refusal("if order.open { x + 1 } else { 2 }", &limits), None);
}

#[test]
fn nesting_of_calls() {
    let chain = |functions: usize| {
        let mut text = "fn f1(a) { a + 1 }\n".to_owned();
        for i in 2..=functions {
            let below = i.saturating_sub(1);
            text.push_str(&format!("fn f{i}(a) {{ f{below}(a) }}\n"));
        }
        text
    };
    let found = library(&chain(8)).map_err(|r| r.len()).and_then(|library| {
        let script = Script::compile("f8(x)", None, &Shop, &library).map_err(|r| r.len())?;
        Ok(run(&script, &facts()))
    });
    assert_eq!(found, Ok(Ok(Some(Value::Integer(8)))));
    let refusals = library(&chain(9)).map(|_| ()).map_err(|r| r.into_iter().map(|(_, r)| r).collect::<Vec<_>>());
    let found = refusals.map_err(|r| r.iter().map(|r| (r.code, r.message.clone())).collect::<Vec<_>>());
    assert_eq!(found, Err(too_large("`f9` needs more than 8 levels of calls").into_iter().collect()));
}

#[test]
fn nesting_of_expressions() {
    let limits = ScriptLimits { expression_depth: 8, ..ScriptLimits::default() };
    assert_eq!(refusal("1 + (2 + (3))", &limits), None);
    let message = "the expression is nested more than 8 levels deep";
    assert_eq!(refusal("1 + (2 + (3 + (4 + 5)))", &limits), too_large(message));
}

#[test]
fn bytes_of_a_text_made_by_a_script() {
    let limits = ScriptLimits { string_bytes: 12, ..ScriptLimits::default() };
    assert_eq!(refusal("\"0123456789ab\" == order.title", &limits), None);
    assert_eq!(refusal("\"0123456789abc\" == order.title", &limits), too_large("the text is longer than 12 bytes"));
    let library = Library::empty(&limits);
    let joined = |title: &str| {
        let script = Script::compile("order.title + \"1234\"", None, &Shop, &library).map_err(|r| r.len())?;
        Ok(run(&script, &with(&[("order.title", text(title))])))
    };
    assert_eq!(joined("Blåbær"), Ok(Ok(Some(text("Blåbær1234")))));
    assert_eq!(joined("Blåbæret"), Ok::<_, usize>(Err(ScriptError::TextTooLong { limit: 12 })));
}

#[test]
fn elements_of_an_array() {
    let limits = ScriptLimits { array_elements: 3, ..ScriptLimits::default() };
    assert_eq!(refusal("x in [1, 2, 3]", &limits), None);
    assert_eq!(refusal("x in [1, 2, 3, 4]", &limits), too_large("the array has more than 3 elements"));
}

#[test]
fn variables_in_scope() {
    let limits = ScriptLimits { variables: 2, ..ScriptLimits::default() };
    assert_eq!(refusal("let a = 1; let b = 2; a + b", &limits), None);
    assert_eq!(refusal("let a = 1; let b = 2; let c = 3; a", &limits), too_large("there are more than 2 variables"));
}

#[test]
fn facts_longer_than_the_bound_of_made_texts_can_be_read() {
    let title = "x".repeat(100_000);
    let facts = with(&[("order.title", text(&title))]);
    assert_eq!(outcome("let a = order.title; len(a)", &facts), "100000");
}

#[test]
fn the_deepest_script_fits_a_small_stack() {
    let mut functions = "fn f1(a) { a + 1 }\n".to_owned();
    for i in 2..=8_usize {
        let below = i.saturating_sub(1);
        let body = format!("{}f{below}(a){}", "1 + (".repeat(9), ")".repeat(9));
        functions.push_str(&format!("fn f{i}(a) {{ {body} }}\n"));
    }
    let found = library(&functions).map_err(|r| r.len()).and_then(|library| {
        let script = Script::compile("f8(x) - f8(y)", None, &Shop, &library).map_err(|r| r.len())?;
        let small = std::thread::Builder::new().stack_size(1 << 20);
        let thread = small.spawn(move || run(&script, &facts())).map_err(|_| 0_usize)?;
        thread.join().map_err(|_| 1_usize)
    });
    assert_eq!(found, Ok(Ok(Some(Value::Integer(5)))));
}

#[test]
fn a_script_just_within_its_operations_runs() {
    let add = ["a"; 25].join(" + ");
    let functions = format!("fn leaf(a) {{ {add} }} fn mid(a) {{ {} }}", ["leaf(a)"; 12].join(" + "));
    let call = ["mid(order.age_days)"; 15].join(" + ");
    let found = library(&functions).map_err(|r| r.len()).and_then(|library| {
        let script = Script::compile(&call, None, &Shop, &library).map_err(|r| r.len())?;
        Ok((script.cost() > 9_000, run(&script, &facts())))
    });
    assert_eq!(found, Ok((true, Ok(Some(Value::Integer(12 * 25 * 12 * 15))))));
}
