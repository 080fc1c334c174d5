//! Scripts that mean harm: all refused or bounded, none panics or runs long.

use super::super::RefusalCode;
use super::*;

fn codes(script: &str) -> Vec<RefusalCode> {
    compile(script, None).map_or_else(|refusals| refusals.iter().map(|r| r.code).collect(), |_| Vec::new())
}

#[test]
fn constructs_that_escape_or_do_not_end_are_forbidden() {
    let scripts = [
        "loop {}",
        "while true {}",
        "do {} while true",
        "for i in 0..10 {}",
        "for i in order.tags { i }",
        "fn f() { f() } f()",
        "|a| a",
        "let f = |a| a; 1",
        "eval(\"1 + 1\")",
        "import \"x\" as y; 1",
        "export x;",
        "print(x)",
        "debug(x)",
        "Fn(\"f\")",
        "call(x)",
        "curry(x)",
        "type_of(x)",
        "this",
        "throw 1",
        "return 1",
        "try { 1 } catch { 2 }",
        "switch x { 1 => 2, _ => 3 }",
        "order.total = 3",
        "x = 1",
        "x += 1",
        "order.tags[0] = 1",
        "is_def_var(\"x\")",
        "f!(x)",
        "`${x}`",
        "let a = 1; a = 2; a",
        "break",
        "continue",
        "1..2",
        "x | y",
        "x & y",
        "x << 3",
        "1; 2",
    ];
    for script in scripts {
        let found = codes(script);
        assert_eq!(found.first(), Some(&RefusalCode::ForbiddenConstruct), "{script}: {found:?}");
    }
}

#[test]
fn functions_of_rhai_do_not_exist() {
    assert_eq!(codes("x.call(1)").len(), 1);
    for script in ["sleep(10)", "timestamp()", "exit()", "rand()", "parse_int(\"1\")", "open_file(\"/etc/passwd\")"] {
        assert_eq!(codes(script), [RefusalCode::UnknownFunction], "{script}");
    }
}

#[test]
fn nesting_is_refused_before_it_is_deep() {
    let deep = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let shapes = [
        ("(", "1", ")"),
        ("{", "1", "}"),
        ("- ", "x", ""),
        ("!", "order.open", ""),
        ("[", "1", "]"),
        ("abs(", "x", ")"),
        ("if order.open {", "1", "} else { 2 }"),
        ("let a = {", "1", "};"),
        ("#{a:", "1", "}"),
        ("x in [", "1", "]"),
        ("1 + (", "1", ")"),
        ("switch x { 1 => ", "1", "}"),
    ];
    for (open, middle, close) in shapes {
        let script = deep(open, middle, close, 4_000);
        assert_eq!(codes(&script), [RefusalCode::ScriptTooLarge], "{open}");
        let script = deep(open, middle, close, 10_000);
        assert_eq!(codes(&script), [RefusalCode::ScriptTooLarge], "{open}");
    }
    for (first, again) in [("x", "+x"), ("order.open", "||order.open"), ("x", ".y"), ("x", "??x"), ("x", "[0]")] {
        let script = format!("{first}{}", again.repeat(4_000));
        assert_eq!(codes(&script), [RefusalCode::ScriptTooLarge], "{again}");
    }
    let ladder = format!("if order.open {{1}} {} else {{2}}", "else if order.open {1}".repeat(1_000));
    assert_eq!(codes(&ladder), [RefusalCode::ScriptTooLarge]);
}

#[test]
fn a_ladder_of_twenty_branches_is_accepted() {
    let ladder = format!("if x == 0 {{1}} {} else {{2}}", "else if x == 7 {1}".repeat(19));
    assert_eq!(outcome(&ladder, &facts()), "1");
}

#[test]
fn long_texts_are_refused() {
    let script = "x".repeat(1 << 20);
    assert_eq!(codes(&script), [RefusalCode::ScriptTooLarge]);
    let script = format!("/* {} */ x", "y".repeat(1 << 20));
    assert_eq!(codes(&script), [RefusalCode::ScriptTooLarge]);
}

#[test]
fn doubling_a_text_hits_its_bound() {
    let mut script = "let a0 = order.title;".to_owned();
    for i in 1..30_usize {
        let before = i.saturating_sub(1);
        script.push_str(&format!("let a{i} = a{before} + a{before};"));
    }
    script.push_str("a29");
    assert_eq!(outcome(&script, &facts()), "error: the script made a text of more than 4096 bytes");
}

#[test]
fn broken_texts_do_not_panic() {
    let texts = [
        "\"",
        "'",
        "`",
        "/*",
        "\\",
        "\u{0}",
        "\u{feff}x",
        "0x",
        "0b2",
        "1_000",
        "1e999",
        "1.",
        ".5",
        "..",
        "...",
        "{",
        "}",
        "(",
        ")",
        "let",
        "let let",
        "fn",
        "fn (",
        "fn f",
        "if",
        "if {",
        "else",
        "#{",
        "#!",
        "#!/bin/sh",
        "x.",
        "x..y",
        "order.",
        "order..total",
        "order.(x)",
        "x ? 1 : 2",
        "@",
        "$x",
        "x::y",
        "private fn f() {}",
        "///",
        "/// doc\nx",
        "\u{202e}x",
        "🦀",
        "x\u{301}",
        "let 🦀 = 1; 🦀",
        "\"\\u{110000}\"",
        "\"${x}\"",
        "switch",
        "x => y",
        "<-",
        "x === y",
        "-9223372036854775808",
        "--9223372036854775808",
        "1 in 2",
        "!in",
        "x !in",
        "() == ()",
        "() ?? ()",
        "!!!",
        "if () {1} else {2}",
        "let a = (); a",
        "let a = (); a == ()",
        "order.fee ?? ()",
        "if order.open { () } else { () }",
    ];
    for text in texts {
        if let Ok(script) = compile(text, None) {
            let _ = run(&script, &facts());
        }
        let _ = library(text);
    }
}

#[test]
fn paths_that_scripts_cannot_name_are_known() {
    let library = Library::empty(&ScriptLimits::default());
    let answers =
        ["order.age_days", "at", "order.default", "order.age-days", "order..x", "1x", "", "a.b c", "print", "x()"]
            .map(|path| library.can_read(path));
    assert_eq!(answers, [true, true, false, false, false, false, false, false, false, false]);
}
