//! The examples of `docs/semantics.md`, and of what the laws found, are decided as the pages say.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::arithmetic_side_effects, reason = "tests")]

mod common;

use clausal::{Answer, Engine, Limits};
use serde_json::{Value as Json, json};

/// A fenced block of the page, and the line it begins on.
struct Block {
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in page.lines().enumerate() {
        match open.take() {
            None if line.starts_with("```") => open = Some(Block { line: at + 2, text: String::new() }),
            None => {}
            Some(block) if line.starts_with("```") => out.push(block),
            Some(mut block) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    out
}

fn parsed(page: &str, block: &Block) -> Json {
    serde_yaml::from_str(&block.text).unwrap_or_else(|error| panic!("{page}:{}: {error}", block.line))
}

/// The page's vocabulary and a policy, with a message for every code.
fn engine(page: &str, vocabulary: &Block, policy: &Block) -> Engine {
    let (words, rules) = (parsed(page, vocabulary), parsed(page, policy));
    let reasons = words["reasons"].as_object().unwrap().keys().map(|code| format!("reason-{code} = {code}\n"));
    let obligations = rules["obligations"].as_object().into_iter().flatten();
    let obligations = obligations.map(|(code, _)| format!("obligation-{code} = {code}\n"));
    let manifest = "bundle: page\nversion: \"1\"\nlanguages: [en]\nvocabulary: vocabulary.yaml\npolicies: [policy.yaml]\n\
                    messages: { en: en.ftl }\n";
    let texts = [
        ("bundle.yaml", manifest.to_owned()),
        ("vocabulary.yaml", vocabulary.text.clone()),
        ("policy.yaml", policy.text.clone()),
        ("en.ftl", reasons.chain(obligations).collect()),
    ];
    Engine::from_texts(texts, Limits::default()).unwrap_or_else(|error| panic!("{page}:{}: {error}", policy.line))
}

/// The request of an example: its kind and time, and its facts by their paths.
fn request(written: &Json) -> Json {
    let mut out = json!({ "kind": "sale", "at": "2021-06-15T12:00:00Z" });
    for (path, value) in written.as_object().unwrap() {
        match path.split_once('.') {
            Some((branch, leaf)) => out[branch][leaf] = value.clone(),
            None => out[path] = value.clone(),
        }
    }
    out
}

/// The answer as an example shows it: what is empty is left out.
fn shown(answer: &Answer) -> Json {
    let decision = answer.to_json("en");
    let codes = |key: &str| decision[key].as_array().unwrap().iter().map(|item| item["code"].clone()).collect();
    let mut out = json!({ "outcome": decision["outcome"] });
    let parts: [(&str, Json); 4] = [
        ("reasons", codes("reasons")),
        ("obligations", codes("obligations")),
        ("missing", decision["missing"].clone()),
        ("results", decision["results"].clone()),
    ];
    for (key, value) in parts {
        if value != json!([]) && value != json!({}) {
            out[key] = value;
        }
    }
    out
}

/// Runs a page; gives the number of its examples.
fn run(page: &str) -> usize {
    let text = std::fs::read_to_string(common::root().join(page)).unwrap();
    let blocks = blocks(&text);
    let (vocabulary, examples) = blocks.split_first().unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for pair in examples.chunks(2) {
        let [policy, asked] = pair else { panic!("{page}: a policy without requests") };
        let engine = engine(page, vocabulary, policy);
        for example in parsed(page, asked).as_array().unwrap() {
            count += 1;
            let given = match engine.decide_json(request(&example["request"]).to_string().as_bytes()) {
                Ok(answer) => shown(&answer),
                Err(error) => json!({ "error": error.to_json()["error"]["path"] }),
            };
            if given != example["answer"] {
                wrong.push(format!("{page}:{}: {} gives {given}", asked.line, example["request"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    count
}

#[test]
fn the_page_agrees() {
    assert!(run("docs/semantics.md") >= 50);
}

#[test]
fn what_the_laws_found_stays_mended() {
    assert!(run("fixtures/semantics/found-by-laws.md") >= 20);
}
