//! Files of invariants.

use super::{BY_LANGUAGE, CLAUSES, FACT, Form, SOURCE, Shape, Slot, Sort, depends, may, must};

pub(super) static INVARIANTS: Shape = Shape {
    what: "file of invariants",
    about: "What must hold of every decision, whatever rules and readings say.",
    keys: &[
        may("source", SOURCE, "The source document of its clauses."),
        must("invariants", Form::List(&Form::Shape(&INVARIANT)), "The invariants."),
    ],
};

static INVARIANT: Shape = Shape {
    what: "invariant",
    about: "One law, and what it says in words.",
    keys: &[
        must("id", Form::Scalar(Slot::Name), "Its name."),
        must(
            "request",
            Form::ListOrOne(&Form::Scalar(Slot::Refer(Sort::Kind))),
            "The kinds of request that it speaks of.",
        ),
        may("clauses", CLAUSES, "The clauses that it rests on."),
        depends("never", Form::Statement, "No request and its decision are so."),
        depends("always", Form::Statement, "Every request and its decision are so."),
        depends("if", Form::Statement, "Where this holds of a request and its decision, `then` does too."),
        depends("then", Form::Statement, "What follows from `if`."),
        depends("monotone", FACT, "One more member of this set never takes a permit away."),
        depends("at-most", Form::Shape(&AT_MOST), "A computed result is never more than a fact of the request."),
        must("words", BY_LANGUAGE, "What it says, by language."),
    ],
};

static AT_MOST: Shape = Shape {
    what: "at-most",
    about: "A result and the fact that bounds it.",
    keys: &[must("result", Form::Scalar(Slot::Refer(Sort::Result)), "The result."), must("fact", FACT, "The fact.")],
};
