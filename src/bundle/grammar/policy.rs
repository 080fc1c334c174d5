//! Policy files.

use super::{
    CLAUSES, FACT, FACTS, Form, GIST, REASON, SOURCE, Shape, Slot, Sort, TEXT, TYPE, VALUE, depends, may, must,
};

const KINDS: Form = Form::ListOrOne(&Form::Scalar(Slot::Refer(Sort::Kind)));
const OBLIGATIONS: Form = Form::Map(Slot::Define(Sort::Obligation), &Form::Shape(&OBLIGATION));

pub(super) static POLICY: Shape = Shape {
    what: "policy",
    about: "Rules about one concern, with the lists and tables they use.",
    keys: &[
        must("policy", Form::Scalar(Slot::Define(Sort::Policy)), "The name of the policy."),
        may("request", KINDS, "The kinds of request its rules speak to, unless a rule says otherwise."),
        may("source", SOURCE, "The source document of its clauses."),
        may("gist", GIST, "What it is about."),
        may("dated-by", FACT, "The fact by which periods of effect are read; `at` when silent."),
        may("effective", Form::Shape(&EFFECTIVE), "From when to when its rules are in force."),
        may("lists", Form::Map(Slot::Define(Sort::List), &Form::Shape(&LIST)), "Named lists: `$name` in a condition."),
        may(
            "tables",
            Form::Map(Slot::Define(Sort::Table), &Form::Shape(&TABLE)),
            "Tables: `$name.column` in a condition, `name.column` in a script.",
        ),
        may(
            "add-rows",
            Form::Map(Slot::Refer(Sort::Table), &Form::List(&Form::Row)),
            "Rows for tables defined elsewhere.",
        ),
        may(
            "add-entries",
            Form::Map(Slot::Refer(Sort::List), &Form::List(&Form::Either(&VALUE, &Form::Shape(&LIST_ENTRY)))),
            "Entries for lists defined elsewhere.",
        ),
        may("retire", Form::List(&Form::Shape(&RETIREMENT)), "What no longer applies, and why."),
        may("obligations", OBLIGATIONS, "What must be done when a request is permitted."),
        may("advice", OBLIGATIONS, "What is well to know when a request is permitted."),
        may("rules", Form::List(&Form::Shape(&RULE)), "The rules. Their order never changes an outcome."),
    ],
};

pub(super) static RULE: Shape = Shape {
    what: "rule",
    about: "When its condition holds, its effect follows.",
    keys: &[
        must("id", Form::Scalar(Slot::Define(Sort::Rule)), "The name of the rule within its policy."),
        may("request", KINDS, "The kinds of request it speaks to."),
        may("clauses", CLAUSES, "The clauses it rests on."),
        may("gist", GIST, "What it says, in your own words."),
        may("dated-by", FACT, "The fact by which its period of effect is read."),
        may("effective", Form::Shape(&EFFECTIVE), "From when to when it is in force."),
        may("when", Form::Condition, "Its condition; always, when silent."),
        may("permit", REASON, "The request may go ahead, for this reason."),
        may("deny", REASON, "It may not, for this reason."),
        may("refer", REASON, "It is handed over to a person, for this reason."),
        may("require", Form::Condition, "Denied, with the reason of `else`, unless this holds."),
        may("ask", Form::Condition, "Asked for, with the reason of `else`, until this holds."),
        depends("else", REASON, "The reason when what is required or asked for does not hold."),
        may(
            "outcome",
            Form::Scalar(Slot::Word(&[
                ("permit", "Added to permits; the default."),
                ("deny", "Added to denials."),
                ("refer", "Added to referrals."),
            ])),
            "The outcome to which a rule without effect adds its results and obligations.",
        ),
        may("results", Form::Results, "Values that go with the decision."),
        may(
            "obligations",
            Form::List(&Form::Scalar(Slot::Refer(Sort::Obligation))),
            "Obligations and advice that go with the decision.",
        ),
        may("certainty", CERTAINTY, "How sure it is that it held so."),
        may("evidence", TEXT, "On what it rests."),
    ],
};

pub(super) const CERTAINTY: Form = Form::Scalar(Slot::Word(&[
    ("high", "A source says so."),
    ("medium", "One source says so, or the day is approximate."),
]));

static RETIREMENT: Shape = Shape {
    what: "retirement",
    about: "A rule, row, list or entry that no longer applies, and why.",
    keys: &[
        may("rule", Form::Scalar(Slot::Refer(Sort::Rule)), "A rule, `policy/id`."),
        may("row", TEXT, "A row, `table/id`."),
        may("list", Form::Scalar(Slot::Refer(Sort::List)), "All entries of a list."),
        may("entry", TEXT, "An entry, `list/value`."),
        must("reason", TEXT, "Why."),
        may("dated-by", FACT, "The fact by which the period is read."),
        may("effective", Form::Shape(&EFFECTIVE), "When it does not apply; always, when silent."),
    ],
};

pub(super) static EFFECTIVE: Shape = Shape {
    what: "effective",
    about: "A period of effect.",
    keys: &[
        may("from", Form::Scalar(Slot::Instant), "The first day or instant on which it holds."),
        may("until", Form::Scalar(Slot::Instant), "The first day or instant on which it no longer holds."),
    ],
};

static LIST: Shape = Shape {
    what: "list",
    about: "A named list of values.",
    keys: &[
        must("type", TYPE, "The type of its entries."),
        may("dated-by", FACT, "The fact by which periods of its entries are read."),
        must(
            "entries",
            Form::List(&Form::Either(&VALUE, &Form::Shape(&LIST_ENTRY))),
            "Values, or `{ value, clauses, effective }`.",
        ),
    ],
};

static LIST_ENTRY: Shape = Shape {
    what: "list entry",
    about: "A value, the clauses it rests on and when it holds.",
    keys: &[
        must("value", VALUE, "The value."),
        may("clauses", CLAUSES, "The clauses it rests on."),
        may("effective", Form::Shape(&EFFECTIVE), "From when to when it is listed."),
        may("certainty", CERTAINTY, "How sure it is that it was listed then."),
        may("evidence", TEXT, "On what it rests."),
    ],
};

static TABLE: Shape = Shape {
    what: "table",
    about: "Rows chosen by tests of facts, giving values.",
    keys: &[
        must("by", FACTS, "The facts that choose a row."),
        must(
            "gives",
            Form::Either(
                &Form::Scalar(Slot::Word(&[("window", "How long something can be undone: see the guide on time.")])),
                &Form::Map(Slot::Define(Sort::Column), &TYPE),
            ),
            "The columns that a row gives, with their types; or `window`.",
        ),
        may("dated-by", FACT, "The fact by which periods of its rows are read."),
        must("rows", Form::List(&Form::Row), "The rows."),
    ],
};

static OBLIGATION: Shape = Shape {
    what: "obligation",
    about: "Something to be done, or to be known.",
    keys: &[
        must("by", Form::Scalar(Slot::Name), "Who is to act."),
        may("clauses", CLAUSES, "The clauses it rests on."),
    ],
};

static REFUND_OPTION: Shape = Shape {
    what: "refund option",
    about: "One tier of a window, as Partner Center writes it.",
    keys: &[
        must("sequenceId", Form::Scalar(Slot::Integer), "Its place among the tiers."),
        must(
            "type",
            Form::Scalar(Slot::Word(&[("Full", "All is refunded."), ("Partial", "A part is refunded.")])),
            "How much is refunded.",
        ),
        must("expiresAfter", TEXT, "How far it reaches: days end with a day, hours end to the second."),
    ],
};

/// What a row of a window may say besides what every row may.
pub const WINDOW_ROW_KEYS: [(&str, &Form, &str); 3] = [
    ("within", &TEXT, "How long: `P30D` ends with a day, `PT168H` to the second."),
    ("refundOptions", &Form::List(&Form::Shape(&REFUND_OPTION)), "Tiers of refunds."),
    ("until", &Form::Scalar(Slot::Instant), "A last instant."),
];
