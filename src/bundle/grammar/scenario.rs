//! Scenarios: a request and the answer that is expected.

use super::{CLAUSES, Form, REASON, Shape, Slot, Sort, TEXT, TEXTS, VALUE, may, must};

/// A scenario file.
pub static SCENARIO: Shape = Shape {
    what: "scenario",
    about: "A request and the answer that a person expects.",
    keys: &[
        must("title", TEXT, "What is tried, in a few words."),
        may("why", TEXT, "Why this answer is right."),
        may("clauses", CLAUSES, "The clauses that say so."),
        may("bundle", TEXT, "The bundle that decides, when it is not the one that is tested."),
        may("settings", Form::Map(Slot::Text, &VALUE), "Other readings than the bundle's."),
        may("each", Form::Map(Slot::Refer(Sort::Fact), &TEXTS), "The same request for many values of a fact."),
        must("request", Form::Request, "The request."),
        must("expect", Form::ListOrOne(&Form::Shape(&EXPECT)), "The answer, or one for each part."),
    ],
};

static EXPECT: Shape = Shape {
    what: "expectation",
    about: "What a decision must say. What it leaves out may be anything.",
    keys: &[
        may("part", Form::Map(Slot::Text, &TEXT), "The part, for requests that split."),
        must(
            "outcome",
            Form::Scalar(Slot::Word(&[
                ("permit", "It may go ahead."),
                ("deny", "It may not."),
                ("needs-information", "Something is missing."),
                ("refer", "It is handed over to a person."),
                ("not-covered", "No policy speaks to it."),
                ("invalid", "The request is refused as invalid."),
            ])),
            "The outcome.",
        ),
        may("reasons", Form::List(&REASON), "Reasons that are given, in this order."),
        may("missing", Form::List(&Form::Scalar(Slot::Refer(Sort::Fact))), "Facts that are asked for."),
        may("results", Form::Map(Slot::Refer(Sort::Result), &VALUE), "Results and their values."),
        may("obligations", Form::List(&Form::Scalar(Slot::Refer(Sort::Obligation))), "Obligations that are given."),
        may("path", TEXT, "For an invalid request, the path to blame."),
    ],
};
