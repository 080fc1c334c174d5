//! Every code has a page in `docs/findings`, whose bad example gives exactly that finding and whose good one none.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use clausal::assure::findings::{Asked, findings};
use clausal::assure::space::Bounds;
use clausal::bundle::files::Files;
use clausal::{BundleLimits, Code, Engine, Finding, Limits};
use common::bundles;
use common::examples::{Example, read as examples};

/// What only the whole of the rules tells: these pages are judged with the analysis, the others as they load.
const OF_THE_WHOLE: [Code; 6] =
    [Code::Gap, Code::Overridden, Code::Redundant, Code::RuleNeverMatches, Code::TwoValues, Code::Widens];

/// What may well be meant: of these the analysis tells more than a page is about, so that only its own code counts.
const PEDANTIC: [Code; 4] =
    [Code::EntryDecidesNothing, Code::FactDecidesNothing, Code::SettingDecidesNothing, Code::UnknownPermitted];

/// The base of the examples has facts and settings that no example uses.
fn about_the_example(code: Code, finding: &Finding) -> bool {
    finding.code == code && ["vocabulary.yaml", "bundle.yaml"].contains(&&*finding.place.file)
}

fn engine(example: &Example) -> Engine {
    let texts: Vec<_> = match bundles::files(example.files.clone()) {
        Files::Memory(texts, _) => texts.into_iter().collect(),
        _ => Vec::new(),
    };
    Engine::builder().texts(texts).below("example").build().unwrap()
}

fn codes(code: Code, example: &Example) -> (BTreeSet<String>, String) {
    let mut limits = Limits::default();
    limits.bundle.findings = example.most.unwrap_or(BundleLimits::default().findings);
    let loaded = bundles::check(example.files.clone(), &limits);
    let mut all = loaded.findings;
    if OF_THE_WHOLE.contains(&code) || PEDANTIC.contains(&code) {
        let engine = engine(example);
        let asked = if PEDANTIC.contains(&code) { Asked::Pedantic } else { Asked::Faults };
        let told = findings(&engine, asked, Bounds::default()).unwrap().into_iter();
        all.extend(told.filter(|finding| !PEDANTIC.contains(&code) || about_the_example(code, finding)));
    }
    let told = all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    (all.iter().map(|finding| finding.code.to_string()).collect(), told)
}

#[test]
fn bad_examples_give_their_finding_and_good_ones_none() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let bad = examples(code.page(), "bad");
        let mut wanted = bad.also.clone();
        wanted.insert(code.to_string());
        let (given, told) = codes(*code, &bad);
        if bad.files.is_empty() || given != wanted {
            wrong.push(format!("{code}: the bad example gives {given:?}\n{told}"));
        }
        let good = examples(code.page(), "good");
        let (given, told) = codes(*code, &good);
        if good.files.is_empty() || !given.is_empty() {
            wrong.push(format!("{code}: the good example gives {given:?}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What a decision can show comes with a request that the engine takes; what never happens has none.
#[test]
fn what_deciding_can_show_comes_with_a_request() {
    let shown = [
        Code::Gap,
        Code::HoleInTime,
        Code::Overridden,
        Code::Redundant,
        Code::TwoValues,
        Code::UnknownPermitted,
        Code::Widens,
    ];
    for code in shown {
        let engine = engine(&examples(code.page(), "bad"));
        let all = findings(&engine, Asked::Pedantic, Bounds::default()).unwrap();
        let told: Vec<&Finding> = all.iter().filter(|finding| finding.code == code).collect();
        assert!(!told.is_empty(), "{code} is not told");
        for finding in told {
            let request = finding.request.as_deref().unwrap_or_else(|| panic!("{finding}: no request"));
            assert!(engine.decide_json(request.as_bytes()).is_ok(), "{finding}: {request}");
        }
    }
}

#[test]
fn pages_and_codes_are_in_step() {
    let folder = common::root().join("docs/findings");
    let pages: BTreeSet<String> = common::files(&folder, ".md")
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "README")
        .collect();
    let all: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(pages, all);
    assert!(Code::ALL.is_sorted_by_key(|code| code.as_str()), "codes are in alphabetical order");
    for code in Code::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}: the title");
        for part in ["\n## Bad\n", "\n## Good\n", "\n## Why\n"] {
            assert_eq!(page.matches(part).count(), 1, "{code}: {part:?}");
        }
    }
}

#[test]
fn the_list_of_codes_is_whole() {
    let rows: String = Code::ALL
        .iter()
        .map(|code| format!("| [{code}]({code}.md) | {} | {} |\n", code.severity(), code.description()))
        .collect();
    let list = fs::read_to_string(common::root().join("docs/findings/README.md")).unwrap();
    assert!(list.contains(&rows), "docs/findings/README.md should hold:\n{rows}");
}
