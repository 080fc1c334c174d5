//! Bundles of any size: one permit, and denies per market and product.

use crate::requests::Dice;

const MARKETS: usize = 100;

fn rule(at: usize) -> String {
    let (market, product, least) = (at % MARKETS, at / MARKETS % 100, at % 7 + 2);
    format!(
        "  - id: rule-{at}\n    clauses: [1]\n    when: {{ market: m{market}, product: p{product}, amount: {{ more-than: \
         {least} }} }}\n    deny: too-much\n"
    )
}

pub fn bundle(rules: usize) -> Vec<(String, String)> {
    let codes = |letter: char| (0..100).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(", ");
    let vocabulary = format!(
        "types:\n  market: {{ values: [{}] }}\n  product: {{ values: [{}] }}\nstages: [order]\nreasons:\n  \
         information-missing: order\n  rule-failed: order\n  too-much: order\n  fine: order\n  nothing: order\nfacts:\n  \
         market: {{ type: market, gist: Where. }}\n  product: {{ type: product, gist: What. }}\n  amount: {{ type: integer, \
         gist: How many. }}\nkinds:\n  order:\n    gist: An order.\n    facts: [market, product, amount]\n    otherwise: nothing\n",
        codes('m'),
        codes('p')
    );
    let messages = "reason-information-missing = { $missing }\nreason-rule-failed = { $rule } { $error }\nreason-too-much = Too \
                    much.\nreason-fine = Fine.\nreason-nothing = Nothing.\n";
    let source = "source: law\ntitle: { en: Law }\npublished: \"2021-06-02\"\nsections:\n  - { id: s, title: { en: S } }\nclauses:\n  \
                  - { clause: 1, section: s, normative: true, gist: { en: One. } }\n";
    let policy = format!(
        "policy: all\nrequest: order\nsource: law\nrules:\n  - id: fine\n    clauses: [1]\n    when: {{ amount: {{ at-least: \
         0 }} }}\n    permit: fine\n{}",
        (0..rules).map(rule).collect::<String>()
    );
    let manifest = "bundle: grown\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\nsources: [law.yaml]\npolicies: \
                    [all.yaml]\nmessages: { en: en.ftl }\n";
    [
        ("bundle.yaml", manifest),
        ("vocabulary.yaml", &vocabulary),
        ("law.yaml", source),
        ("all.yaml", &policy),
        ("en.ftl", messages),
    ]
    .map(|(path, text)| (path.to_owned(), text.to_owned()))
    .to_vec()
}

pub fn requests(count: usize) -> Vec<String> {
    let mut dice = Dice(7);
    let one = |_| {
        let (market, product, amount) = (dice.below(MARKETS), dice.below(100), dice.below(10));
        format!(
            "{{\"kind\":\"order\",\"at\":\"2021-07-01T12:00:00Z\",\"market\":\"m{market}\",\"product\":\"p{product}\",\"amount\":{amount}}}"
        )
    };
    (0..count).map(one).collect()
}
