//! Results, the same from Rhai and from the native evaluator.

use super::*;

const EXACT: &[(&str, &str)] = &[
    ("1 + 2 * 3", "7"),
    ("(1 + 2) * 3", "9"),
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("-7 % 3", "-1"),
    ("x - y * 10", "-13"),
    ("-x", "-7"),
    ("- -x", "7"),
    ("9223372036854775807 + x", "error: `+` gives a result outside the range of its type"),
    ("-9223372036854775807 - y", "error: `-` gives a result outside the range of its type"),
    ("9223372036854775807 * y", "error: `*` gives a result outside the range of its type"),
    ("(-9223372036854775807 - 1) % (x - 8)", "error: `%` gives a result outside the range of its type"),
    ("(-9223372036854775807 - 1) / (x - 8)", "error: `/` gives a result outside the range of its type"),
    ("-(-9223372036854775807 - 1)", "error: `-` gives a result outside the range of its type"),
    ("abs(-9223372036854775807 - 1)", "error: `abs` gives a result outside the range of its type"),
    ("x / (y - 2)", "error: `/` divides by zero"),
    ("x % (y - 2)", "error: `%` divides by zero"),
    ("order.total / 0", "error: `/` divides by zero"),
    ("order.total % 0.00", "error: `%` divides by zero"),
    ("order.total / 3", "333.33333333333333333333333333"),
    ("order.total * order.rate", "250.0000"),
    ("order.total + 1", "1001.00"),
    ("1 - order.rate", "0.75"),
    ("0.1 + 0.2 == 0.3", "true"),
    ("order.rate - order.rate", "0.00"),
    ("-(order.rate - order.rate)", "0.00"),
    ("79228162514264337593543950335.0 * 10", "refused: decimal"),
    ("7922816251426433759354395033.5 * 100", "error: `*` gives a result outside the range of its type"),
    ("truncate(order.total / 3, 2)", "333.33"),
    ("truncate(-1.999, 2)", "-1.99"),
    ("truncate(5, 2)", "5.00"),
    ("truncate(-0.004, 2)", "0.00"),
    ("truncate(1.5, 29)", "error: `truncate` takes 0 to 28 digits, not 29"),
    ("truncate(1.5, -1)", "error: `truncate` takes 0 to 28 digits, not -1"),
    ("truncate(order.total, 28)", "error: `truncate` gives a result outside the range of its type"),
    ("round_half_up(2.345, 2)", "2.35"),
    ("round_half_up(-2.345, 2)", "-2.35"),
    ("round_half_even(2.345, 2)", "2.34"),
    ("round_half_even(2.5, 0)", "2"),
    ("decimal(x)", "7"),
    ("min(x, 2.50)", "2.50"),
    ("max(x, 2.50)", "7"),
    ("min(x, y)", "2"),
    ("max(order.placed_on, date(at))", "2021-06-10"),
    ("abs(-2.5)", "2.5"),
    ("minor_units(order.currency)", "2"),
    ("minor_units(\"JPY\")", "0"),
    ("minor_units(\"XAU\")", "error: `minor_units` was given a text that is not a currency with minor units"),
    ("order.currency == \"NOK\"", "true"),
    ("order.market == \"NO\" && product.kind != \"server-subscription\"", "true"),
    ("\"DE\" == order.market", "false"),
    ("order.market in [\"DE\", \"NO\"]", "true"),
    ("order.market !in [\"DE\", \"NO\"]", "false"),
    ("order.market in []", "false"),
    ("x in [1, 7.0]", "true"),
    ("x in [1 / (y - 2)]", "error: `/` divides by zero"),
    ("9223372036854775807 + x in [1 / (y - 2)]", "error: `/` divides by zero"),
    ("\"gift\" in order.tags", "true"),
    ("contains(product.kinds, product.kind)", "true"),
    ("\"server-subscription\" in product.kinds", "false"),
    ("len(order.tags) + len(order.title)", "8"),
    ("order.title + \"!\"", "Blåbær!"),
    ("order.age_days <= window.days", "true"),
    ("order.total > 100", "true"),
    ("order.total >= 1000", "true"),
    ("order.total == 1000", "true"),
    ("order.open == true", "true"),
    ("!order.open || x > 8", "false"),
    ("order.open || 1 / (y - 2) == 1", "true"),
    ("!order.open && 1 / (y - 2) == 1", "false"),
    ("1 / (y - 2) == 1 && !order.open", "error: `/` divides by zero"),
    ("date(at)", "2021-06-10"),
    ("days_between(order.placed_on, date(at))", "130"),
    ("days_between(date(at), order.placed_on)", "-130"),
    ("add_days(order.placed_on, -31)", "2020-12-31"),
    ("add_days(order.placed_on, 9223372036854775807)", "error: `add_days` gives a date outside the years 0001 to 9999"),
    ("add_duration(order.placed_on, term)", "2021-02-28"),
    ("add_duration(order.placed_on, term) < date(at)", "true"),
    ("order.placed_on == date(at)", "false"),
    ("is_after(at, order.received_at)", "false"),
    ("at > order.received_at", "false"),
    ("at >= order.received_at && at <= order.received_at", "true"),
    ("at == order.received_at", "false"),
    ("term >= term", "true"),
    ("seconds_between(order.received_at, at)", "43200"),
    ("if x > 5 { \"big\" } else if x > 2 { \"middle\" } else { \"small\" }", "big"),
    ("if x > 8 { \"big\" } else if x > 2 { \"middle\" } else { \"small\" }", "middle"),
    ("let a = x * 2; let b = a + 1; { let c = b * b; c - a }", "211"),
    ("const A = 4; A + x;", "11"),
    ("let a = { let b = x; b + 1 }; let c = { let b = y; b }; a * c", "16"),
    ("let big = if order.open { 1.5 } else { 2.5 }; big * 2", "3.0"),
    ("order.cancelled_on", "()"),
    ("order.cancelled_on == ()", "true"),
    ("() != order.cancelled_on", "false"),
    ("x == ()", "false"),
    ("order.note ?? \"none\"", "none"),
    ("order.fee ?? order.fee ?? 1.50", "1.50"),
    ("order.discount ?? x", "7"),
    ("if order.fee == () { 0.00 } else { order.fee * 2 }", "0.00"),
    ("if order.fee != () && order.fee > 1 { order.fee } else { () }", "()"),
    ("order.cancelled_on == () || order.cancelled_on > order.placed_on", "true"),
    ("if !(order.fee == ()) { order.fee + 1 } else { 2.0 }", "2.0"),
];

#[test]
fn both_evaluators_give_the_expected_results() {
    let mut wrong = Vec::new();
    for (script, expected) in EXACT {
        let found = outcome(script, &facts());
        let same = expected.strip_prefix("refused").map_or(found == *expected, |_| found.starts_with("refused"));
        if !same {
            wrong.push(format!("{script}\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn both_evaluators_agree_on_many_inputs() {
    let integers = [i64::MIN, i64::MIN + 1, -3, -1, 0, 1, 2, 10, i64::MAX];
    let decimals = ["0", "-0.00", "0.01", "-2.675", "1000.00", "7922816251426433759354395033.5"];
    let scripts: Vec<Script> = EXACT.iter().filter_map(|(text, _)| compile(text, None).ok()).collect();
    let total = scripts.len();
    assert!(total > 90, "only {total} scripts were accepted");
    for script in &scripts {
        for x in integers {
            for y in integers {
                let _ = run(script, &with(&[("x", Value::Integer(x)), ("y", Value::Integer(y))]));
            }
        }
        for (a, b) in decimals.iter().flat_map(|a| decimals.iter().map(move |b| (a, b))) {
            let given = [("order.total", decimal(a)), ("order.rate", decimal(b)), ("order.fee", decimal(b))];
            let _ = run(script, &with(&given));
        }
        let present = [
            ("order.cancelled_on", date("2021-02-01")),
            ("order.note", text("seen")),
            ("order.discount", Value::Integer(5)),
            ("order.open", Value::Boolean(false)),
        ];
        let _ = run(script, &with(&present));
    }
}

/// Rhai's own operators, which ours replace, as a second opinion on integers and decimals.
#[test]
fn arithmetic_is_that_of_rhai() {
    let plain = rhai::Engine::new_raw();
    let amounts =
        ["-9223372036854775807", "-7", "-1", "0", "1", "2", "9223372036854775807", "-0.5", "0.0", "1000.00", "3.7"];
    let operators = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="];
    for (a, b) in amounts.iter().flat_map(|a| amounts.iter().map(move |b| (a, b))) {
        for operator in operators {
            let text = format!("{a} {operator} {b}");
            let theirs = plain.eval::<rhai::Dynamic>(&text).map(|v| v.to_string()).ok();
            let ours = compile(&text, None).ok().and_then(|s| run(&s, &facts()).ok()).map(|v| show(&v));
            let same = theirs == ours || theirs.as_deref().map(|t| t.trim_start_matches('-')) == ours.as_deref();
            assert!(same, "`{text}`: Rhai {theirs:?}, ours {ours:?}");
        }
    }
}

#[test]
fn inputs_of_one_run_do_not_reach_the_next() {
    let script = compile("order.total > 100", None).map_err(|r| messages(&r));
    let answers = ["120.00", "5.00", "120.00"].map(|total| {
        let facts = with(&[("order.total", decimal(total))]);
        script.as_ref().map(|script| run(script, &facts)).map_err(Clone::clone)
    });
    let expected = [true, false, true].map(|answer| Ok(Ok(Some(Value::Boolean(answer)))));
    assert_eq!(answers, expected);
}

#[test]
fn results_have_the_wanted_type() {
    let cases = [
        ("3", Type::Decimal, decimal("3")),
        ("if order.open { 0 } else { order.paid }", Type::Decimal, decimal("0")),
        ("\"DE\"", Type::Symbol("market".into()), symbol("DE")),
        ("if order.open { \"NO\" } else { order.market }", Type::Symbol("market".into()), symbol("NO")),
        ("order.market", Type::Symbol("market".into()), symbol("NO")),
        ("product.kinds", Type::Set(Box::new(kind())), Value::Set([symbol("perpetual-software")].into())),
        ("\"EUR\"", Type::Currency, text("EUR")),
        ("order.tags", Type::Set(Box::new(Type::Text)), Value::Set([text("new"), text("gift")].into())),
    ];
    for (script, wanted, expected) in cases {
        let compiled = compile(script, Some(&wanted)).map_err(|r| messages(&r));
        let found = compiled.as_ref().map(|s| (s.type_().clone(), run(s, &facts())));
        assert_eq!(found, Ok((wanted, Ok(Some(expected)))), "{script}");
    }
}

#[test]
fn reads_are_sorted_and_complete() {
    let script = compile("let a = window.days; max(a, order.age_days) > x && x < len(order.tags)", None);
    let reads = script.map(|s| s.reads().to_vec()).map_err(|r| messages(&r));
    let expected = ["order.age_days", "order.tags", "window.days", "x"].map(String::from).to_vec();
    assert_eq!(reads, Ok(expected));
}

#[test]
fn inputs_that_the_check_did_not_foresee_are_errors() {
    let script = compile("order.age_days > 3", None).map_err(|r| messages(&r));
    let mut absent = facts();
    absent.remove("order.age_days");
    let wrong = with(&[("order.age_days", text("12"))]);
    let path = "order.age_days".to_owned();
    assert_eq!(
        script.as_ref().map(|s| (run(s, &absent), run(s, &wrong))),
        Ok((
            Err(ScriptError::AbsentValue { path: path.clone() }),
            Err(ScriptError::WrongValue { path, expected: "integer".into() })
        ))
    );
}

#[test]
fn scripts_and_libraries_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Script>();
    shared::<Library>();
    shared::<ScriptError>();
    shared::<Refusal>();
}
