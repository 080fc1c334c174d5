//! How long exact answers take, by the number of rules: `cargo run --release --example analyse -- 100 1000`.
//!
//! Each bundle has so many rules over a text, a number and a set; for each size a line: the seconds that loading, the
//! proof of one invariant, all findings, and the comparison with a bundle that differs in ten rules take.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "an example prints, and stops at what it cannot do")]

use std::fmt::Write;
use std::time::Instant;

use clausal::Engine;
use clausal::assure::diff::diff;
use clausal::assure::findings::{Asked, findings};
use clausal::assure::prove::prove;
use clausal::assure::space::Bounds;

const VOCABULARY: &str = r#"
types:
  role: { values: [seller, buyer, auditor], unrecognised: ignore }
stages: [only]
reasons: { information-missing: only, rule-failed: only, fine: only, refused: only, none: only }
facts:
  item: { type: text, gist: Item. }
  count: { type: integer, at-least: 0, gist: Count. }
  roles: { type: set of role, gist: Roles. }
kinds:
  sale: { gist: A sale., facts: [item, count, roles], otherwise: none }
"#;

const INVARIANTS: &str = "invariants:\n  - id: sellers\n    request: sale\n    if: { outcome: permit }\n    then: { roles: { any: [seller] } }\n    words: { en: Sellers sell. }\n";

fn bundle(rules: usize, moved: usize) -> Vec<(String, String)> {
    let mut policy = String::from("policy: p\nrequest: sale\nrules:\n  - { id: sale, permit: fine }\n");
    policy.push_str("  - { id: sellers, require: { roles: { any: [seller] } }, else: refused }\n");
    for n in 0..rules {
        let most = (n % 97).saturating_add(usize::from(n < moved));
        let _ = writeln!(
            policy,
            "  - {{ id: r{n}, when: {{ item: item-{n}, count: {{ more-than: {most} }} }}, deny: refused }}"
        );
    }
    let manifest = "bundle: b\nversion: \"1\"\nlanguages: [en]\nvocabulary: v.yaml\npolicies: [p.yaml]\ninvariants: [i.yaml]\nmessages: { en: en.ftl }\n";
    let messages: String = ["information-missing", "rule-failed", "fine", "refused", "none"].iter().fold(
        String::new(),
        |mut all, code| {
            let _ = writeln!(all, "reason-{code} = {code}");
            all
        },
    );
    [
        ("bundle.yaml", manifest),
        ("v.yaml", VOCABULARY),
        ("p.yaml", &policy),
        ("i.yaml", INVARIANTS),
        ("en.ftl", &messages),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .collect()
}

fn main() {
    println!("{:>8}{:>10}{:>10}{:>10}{:>10}", "rules", "load", "prove", "findings", "diff");
    for size in std::env::args().skip(1).filter_map(|text| text.parse().ok()) {
        let start = Instant::now();
        let engine = Engine::builder().texts(bundle(size, 0)).build().expect("a bundle");
        let loaded = start.elapsed();
        let other = Engine::builder().texts(bundle(size, 10)).build().expect("a bundle");
        let start = Instant::now();
        let proofs = prove(&engine, Bounds::default(), &mut |_| {});
        let proved = start.elapsed();
        let start = Instant::now();
        let found = findings(&engine, Asked::Faults, Bounds::default()).expect("findings");
        let told = start.elapsed();
        let start = Instant::now();
        let compared = diff(&engine, &other, Bounds::default()).expect("a comparison");
        let differ = start.elapsed();
        println!(
            "{size:>8}{:>10.2}{:>10.2}{:>10.2}{:>10.2}   {} proved, {} findings, {} with {} regions",
            loaded.as_secs_f64(),
            proved.as_secs_f64(),
            told.as_secs_f64(),
            differ.as_secs_f64(),
            proofs.iter().filter(|proof| proof.verdict.as_str() == "proved").count(),
            found.len(),
            compared.verdict.as_str(),
            compared.regions.len(),
        );
    }
}
