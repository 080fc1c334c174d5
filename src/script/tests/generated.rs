//! Generated expressions: accepted ones give the same from Rhai and natively; none panics.

use proptest::prelude::*;

use super::*;

fn leaf(leaves: &'static [&'static str]) -> BoxedStrategy<String> {
    prop::sample::select(leaves).prop_map(ToString::to_string).boxed()
}

const INTEGERS: &[&str] = &["x", "y", "0", "1", "-3", "9223372036854775807", "order.age_days", "len(order.tags)"];
const DECIMALS: &[&str] =
    &["order.total", "order.rate", "0.01", "-2.5", "1000.00", "7922816251426433759354395033.5", "(order.fee ?? 0.5)"];
const BOOLEANS: &[&str] = &[
    "order.open",
    "order.market == \"NO\"",
    "(order.fee == () || order.fee > 1)",
    "order.discount != ()",
    "product.kind in [\"perpetual-software\"]",
    "\"gift\" in order.tags",
    "is_after(at, order.received_at)",
    "order.placed_on < date(at)",
];

/// A number, an integer unless `decimal`.
fn number(depth: u32, decimal: bool) -> BoxedStrategy<String> {
    let own = leaf(if decimal { DECIMALS } else { INTEGERS });
    let Some(below) = depth.checked_sub(1) else { return own };
    let a = || number(below, decimal);
    // An integer where a decimal is being made, now and then.
    let b = || prop_oneof![3 => number(below, decimal), 1 => number(below, false)];
    let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
    let choice = prop::sample::select(vec!["min", "max"]);
    let rounding = prop::sample::select(vec!["truncate", "round_half_up", "round_half_even"]);
    let conversion = if decimal {
        (rounding, a(), number(0, false)).prop_map(|(f, a, d)| format!("{f}({a}, {d})")).boxed()
    } else {
        (a(), a()).prop_map(|(a, b)| format!("(order.discount ?? {a}) - {b}")).boxed()
    };
    prop_oneof![
        1 => own,
        5 => (a(), operator, b()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        1 => a().prop_map(|a| format!("-({a})")),
        1 => a().prop_map(|a| format!("abs({a})")),
        1 => (choice, a(), b()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        1 => conversion,
        2 => (boolean(below), a(), a()).prop_map(|(c, a, b)| format!("if {c} {{ {a} }} else {{ {b} }}")),
        1 => (boolean(below), a(), a()).prop_map(|(c, a, b)| format!("((if {c} {{ () }} else {{ {a} }}) ?? {b})")),
        1 => (a(), a()).prop_map(|(a, b)| format!("{{ let v{} = {a}; v{0} + {b} }}", a.len())),
    ]
    .boxed()
}

fn boolean(depth: u32) -> BoxedStrategy<String> {
    let own = leaf(BOOLEANS);
    let Some(below) = depth.checked_sub(1) else { return own };
    let any = || prop_oneof![number(below, false), number(below, true)];
    let comparison = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let logic = prop::sample::select(vec!["&&", "||"]);
    prop_oneof![
        1 => own,
        4 => (any(), comparison, any()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        3 => (boolean(below), logic, boolean(below)).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
        1 => boolean(below).prop_map(|a| format!("!({a})")),
        1 => (any(), any(), any()).prop_map(|(a, b, c)| format!("({a} in [{b}, {c}])")),
    ]
    .boxed()
}

pub(super) fn expression() -> impl Strategy<Value = String> {
    prop_oneof![number(3, false), number(3, true), boolean(3)]
}

pub(super) fn input() -> impl Strategy<Value = Facts> {
    let integer = prop::sample::select(vec![i64::MIN, -7, -1, 0, 1, 2, 12, i64::MAX]);
    let amount = prop::sample::select(vec!["0", "-0.01", "3.70", "1000.00", "7922816251426433759354395033.5"]);
    (integer.clone(), integer, amount.clone(), prop::option::of(amount), any::<bool>()).prop_map(
        |(x, y, total, fee, open)| {
            let mut facts = with(&[
                ("x", Value::Integer(x)),
                ("y", Value::Integer(y)),
                ("order.total", decimal(total)),
                ("order.open", Value::Boolean(open)),
            ]);
            if let Some(fee) = fee {
                facts.insert("order.fee", decimal(fee));
                facts.insert("order.discount", Value::Integer(x));
            }
            facts
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_scripts_agree(text in expression(), inputs in prop::collection::vec(input(), 1..4)) {
        if let Ok(script) = compile(&text, None) {
            for facts in &inputs {
                let result = run(&script, facts);
                let internal = matches!(result, Err(ScriptError::Internal { .. } | ScriptError::Limit { .. }));
                prop_assert!(!internal, "{text}: {result:?}");
                if let Ok(Some(value)) = result {
                    prop_assert!(super::super::convert::is_of(&value, script.type_()), "{text}: {value:?}");
                }
            }
        }
    }
}
