//! `csp-timeline` answers for any day: scenarios at and on both sides of each date of its history.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use clausal::Engine;
use serde_json::{Value as Json, json};

#[test]
fn scenarios_agree() {
    let mut engines: BTreeMap<Vec<(String, String)>, Engine> = BTreeMap::new();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in common::files(&common::root().join("fixtures/timeline"), ".yaml") {
        let scenario = common::yaml(&path);
        let (bundle, settings) = (common::bundle(&scenario), common::settings(&scenario));
        assert_eq!(bundle, "csp-timeline", "{}", path.display());
        let engine = engines.entry(settings).or_insert_with_key(|settings| common::engine(bundle, settings));
        let answer = common::answer(engine, scenario["request"].to_string().as_bytes());
        count += 1;
        for difference in common::differences(&answer, &scenario["expect"]) {
            wrong.push(format!("{}: {difference}", path.strip_prefix(common::root()).unwrap().display()));
        }
    }
    assert!(count > 120, "only {count} scenarios");
    assert!(wrong.is_empty(), "{} of {count} scenarios:\n{}", wrong.len(), wrong.join("\n"));
}

fn outcome(engine: &Engine, request: &Json) -> Json {
    common::answer(engine, request.to_string().as_bytes())["outcome"].clone()
}

/// The lists of 18, 11 and 12 markets, each on its first and its last day, and no other market but those of the next list.
#[test]
fn earlier_market_lists_are_exactly_these() {
    const ELEVEN: [&str; 11] = ["AR", "BR", "CN", "ID", "LI", "MX", "MY", "RU", "SA", "TR", "ZA"];
    let eighteen = [&ELEVEN[..], &["AZ", "BY", "IN", "KR", "KZ", "TW", "UA"]].concat();
    let twelve = [&ELEVEN[..], &["JE"]].concat();
    let engine = common::engine("csp-timeline", &[]);
    let markets: Vec<String> = engine.checked().domains["markets"].codes().map(ToString::to_string).collect();
    assert_eq!(markets.len(), 250);
    let days = [
        ("2018-08-31T00:00:00Z", &eighteen),
        ("2019-03-19T23:59:59Z", &eighteen),
        ("2019-03-20T00:00:00Z", &ELEVEN.to_vec()),
        ("2019-07-21T23:59:59Z", &ELEVEN.to_vec()),
        ("2019-07-22T00:00:00Z", &twelve),
        ("2019-12-17T23:59:59Z", &twelve),
    ];
    for (at, list) in days {
        for market in &markets {
            let request = json!({"kind": "purchase", "at": at, "customer": {"market": market},
                "actor": {"side": "partner", "roles": ["Admin agent"], "portal": "partner-center"},
                "product": {"kind": "azure-reservation"}});
            let wanted = if list.contains(&market.as_str()) { "deny" } else { "permit" };
            assert_eq!(outcome(&engine, &request), wanted, "{market} at {at}");
        }
    }
}

/// What the history does not date it leaves alone: from the last change on, `csp-timeline` decides like `csp`, but for
/// windows of subscriptions, download links and the order of rules.
#[test]
fn every_scenario_of_july_2021_has_the_answer_of_csp() {
    let (csp, timeline) = (common::engine("csp", &[]), common::engine("csp-timeline", &[]));
    let mut count = 0;
    for path in common::files(&common::root().join("fixtures/decide"), ".yaml") {
        let request = &common::yaml(&path)["request"];
        let text = request.to_string();
        let dated =
            ["2021-06-", "2021-07-"].iter().any(|month| request["at"].as_str().is_some_and(|at| at.starts_with(month)));
        let bought = request["order"]["purchased_at"].as_str().unwrap_or("2021-06-01");
        if !dated || request.get("link").is_some() || !bought.starts_with("2021-06") || text.contains("\"orders\"") {
            continue;
        }
        count += 1;
        let [a, b] = [&csp, &timeline].map(|engine| common::substance(&common::answer(engine, text.as_bytes())));
        assert_eq!(a, b, "{}", path.display());
    }
    assert!(count > 150, "{count}");
}
