//! The house stands: each floor uses only the floors below it, and the engine knows no market, product or role.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::fs;
use std::path::Path;

/// Floors from the lowest up. `embedded` only names files.
const FLOORS: [&[&str]; 12] = [
    &["model"],
    &["script"],
    &["bundle", "embedded"],
    &["decide"],
    &["compile"],
    &["explain", "schema"],
    &["render"],
    &["decision"],
    &["engine"],
    &["record"],
    &["assure"],
    &["cli", "lsp"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// The module a file belongs to: the first name below `src`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(common::root().join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn sources() -> Vec<(std::path::PathBuf, String)> {
    let files = common::files(&common::root().join("src"), ".rs").into_iter();
    let files = files.filter(|path| !path.components().any(|part| part.as_os_str() == "tests"));
    files.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn floors_use_only_floors_below() {
    let (mut wrong, mut edges) = (Vec::new(), 0);
    for (path, text) in sources() {
        let Some(own) = floor(&module(&path)) else { continue };
        for (at, line) in text.lines().enumerate() {
            for used in line.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = floor(&name) else { continue };
                edges += 1;
                if other > own {
                    wrong.push(format!("{}:{} uses `{name}`, which is above it", path.display(), at + 1));
                }
            }
        }
    }
    assert!(edges > 50, "only {edges} edges were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_module_has_a_floor() {
    for (path, _) in sources() {
        let name = module(&path);
        assert!(floor(&name).is_some() || name == "lib" || name == "main", "`{name}` is on no floor");
    }
}

#[test]
fn only_the_script_floor_names_rhai() {
    for (path, text) in sources() {
        let names =
            text.lines().any(|l| !l.trim_start().starts_with("//") && (l.contains("rhai::") || l.contains("use rhai")));
        assert!(!names || module(&path) == "script", "{} names rhai", path.display());
    }
}

#[test]
fn deciding_does_no_io_and_reads_no_clock() {
    for (path, text) in sources() {
        if ["model", "script", "decide"].contains(&module(&path).as_str()) {
            for forbidden in
                ["std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "Utc::now", "Local::now", " rand::"]
            {
                let used = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(forbidden));
                assert!(!used, "{} uses {forbidden}", path.display());
            }
        }
    }
}

/// Words of the bundle that would betray a rule written into the engine. Rustdoc examples may speak of the domain.
#[test]
fn the_engine_knows_no_market_product_or_role() {
    let mut words: Vec<String> = Vec::new();
    for file in ["roles.yaml", "products.yaml"] {
        let registries = common::yaml(&common::root().join("policies/csp").join(file));
        for registry in registries["registries"].as_object().unwrap().values() {
            words.extend(
                registry["entries"].as_array().unwrap().iter().map(|e| format!("\"{}\"", e["code"].as_str().unwrap())),
            );
        }
    }
    words.extend(
        ["unavailable", "tax-inclusive", "Greenland", "cancellation-windows", "partner-center"]
            .map(|w| format!("\"{w}\"")),
    );
    assert!(words.len() > 30);
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in &words {
                assert!(!line.contains(word.as_str()), "{} knows {word}: {line}", path.display());
            }
        }
    }
}
