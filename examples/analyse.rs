//! How long exact answers take, by the number of rules: `cargo run --release --example analyse -- 100 1000`. With
//! `--svg FILE` the plot is written too.
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

/// Seconds of loading, proving, finding and comparing.
type Seconds = [f64; 4];

fn measure(size: usize) -> (Seconds, String) {
    let start = Instant::now();
    let engine = Engine::builder().texts(bundle(size, 0)).build().expect("a bundle");
    let loaded = start.elapsed().as_secs_f64();
    let other = Engine::builder().texts(bundle(size, 10)).build().expect("a bundle");
    let start = Instant::now();
    let proofs = prove(&engine, Bounds::default(), &mut |_| {});
    let proved = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let found = findings(&engine, Asked::Faults, Bounds::default()).expect("findings");
    let told = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let compared = diff(&engine, &other, Bounds::default()).expect("a comparison");
    let differ = start.elapsed().as_secs_f64();
    let proofs = proofs.iter().filter(|proof| proof.verdict.as_str() == "proved").count();
    let (verdict, regions) = (compared.verdict.as_str(), compared.regions.len());
    (
        [loaded, proved, told, differ],
        format!("{proofs} proved, {} findings, {verdict} with {regions} regions", found.len()),
    )
}

/// Where a number of rules is on the plot.
#[expect(clippy::cast_precision_loss, reason = "a plot")]
fn across(size: usize, sizes: (usize, usize)) -> f64 {
    let log = |n: usize| (n.max(1) as f64).log10();
    let width = (log(sizes.1) - log(sizes.0)).max(f64::EPSILON);
    60.0 + 400.0 * (log(size) - log(sizes.0)) / width
}

/// Where seconds are on the plot.
fn up(seconds: f64) -> f64 {
    250.0 - 44.0 * (seconds.max(0.001).log10() + 3.0)
}

fn plot(measured: &[(usize, Seconds)]) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 520 300\" font-family=\"sans-serif\" font-size=\"11\">\n<title>Seconds of exact answers by the number of rules</title>\n<rect width=\"520\" height=\"300\" fill=\"#fff\"/>\n",
    );
    let (Some((least, _)), Some((most, _))) = (measured.first(), measured.last()) else { return out };
    for (seconds, words) in [(0.001, "0.001 s"), (0.01, "0.01 s"), (0.1, "0.1 s"), (1.0, "1 s"), (10.0, "10 s")] {
        let y = up(seconds);
        let _ = writeln!(
            out,
            "<path d=\"M60 {y:.0}H460\" stroke=\"#ddd\"/><text x=\"54\" y=\"{:.0}\" text-anchor=\"end\">{words}</text>",
            y + 4.0
        );
    }
    for (size, _) in measured {
        let x = across(*size, (*least, *most));
        let _ = writeln!(out, "<text x=\"{x:.0}\" y=\"268\" text-anchor=\"middle\">{size}</text>");
    }
    let _ = writeln!(out, "<text x=\"260\" y=\"288\" text-anchor=\"middle\">rules of one kind</text>");
    for (at, y, name, colour) in
        [(1, 44, "prove", "#1b6ca8"), (2, 58, "findings", "#2a9d4a"), (3, 72, "diff", "#c0392b")]
    {
        let seconds = |of: &Seconds| of.get(at).copied().unwrap_or_default();
        let points = measured.iter().map(|(size, of)| (across(*size, (*least, *most)), up(seconds(of))));
        let points: Vec<String> = points.map(|(x, y)| format!("{x:.0},{y:.0}")).collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/><text x=\"80\" y=\"{y}\" fill=\"{colour}\">{name}</text>",
            points.join(" ")
        );
    }
    out.push_str("</svg>\n");
    out
}

fn main() {
    let mut args = std::env::args().skip(1);
    let (mut svg, mut measured) = (None, Vec::new());
    println!("{:>8}{:>10}{:>10}{:>10}{:>10}", "rules", "load", "prove", "findings", "diff");
    while let Some(arg) = args.next() {
        if arg == "--svg" {
            svg = args.next();
        } else if let Ok(size) = arg.parse() {
            let (seconds, words) = measure(size);
            let [loaded, proved, told, differ] = seconds;
            println!("{size:>8}{loaded:>10.2}{proved:>10.2}{told:>10.2}{differ:>10.2}   {words}");
            measured.push((size, seconds));
        }
    }
    if let Some(path) = svg {
        std::fs::write(path, plot(&measured)).expect("the plot is written");
    }
}
