//! `vocabulary.yaml`.

use super::{BOOLEAN, FACT, FACTS, Form, GIST, REASON, Shape, Slot, Sort, TEXT, TYPE, VALUE, depends, may, must};

const UNRECOGNISED: Form = Form::Scalar(Slot::Word(&[
    ("ask", "It is asked for again."),
    ("ignore", "It grants nothing, as if it were not given."),
    ("other", "It is a value of its own, which no matcher but `known: false` fits."),
    ("error", "The request is refused as invalid."),
]));

const ABSENT: Form = Form::Either(
    &Form::Scalar(Slot::Word(&[
        ("ask", "The value exists but is not known here."),
        ("optional", "Absent is a value of its own."),
    ])),
    &Form::Shape(&ABSENT_FROM),
);

const PRIVATE: Form = Form::Scalar(Slot::Word(&[
    ("true", "Only a commitment is recorded, by which whoever knows the value can prove it; nothing shows it."),
    ("erasable", "As `true`, and the value is kept aside, until it is erased."),
    ("false", "It is recorded and shown."),
]));

pub(super) static VOCABULARY: Shape = Shape {
    what: "vocabulary",
    about: "What a request can say, what it means when it does not say it, and what a decision can answer.",
    keys: &[
        may("types", Form::Map(Slot::Define(Sort::Type), &Form::Shape(&TYPE_DEF)), "Enumerations and registries."),
        may("stages", Form::List(&Form::Scalar(Slot::Define(Sort::Stage))), "The order in which reasons are listed."),
        may(
            "reasons",
            Form::Map(Slot::Define(Sort::Reason), &Form::Scalar(Slot::Refer(Sort::Stage))),
            "Codes of reasons and their stages.",
        ),
        may("results", Form::Map(Slot::Define(Sort::Result), &Form::Shape(&RESULT)), "Values decisions may carry."),
        may(
            "facts",
            Form::Map(Slot::Define(Sort::Fact), &Form::Shape(&FACT_DEF)),
            "Facts by their paths in a request.",
        ),
        may("kinds", Form::Map(Slot::Define(Sort::Kind), &Form::Shape(&KIND)), "Kinds of request."),
    ],
};

static TYPE_DEF: Shape = Shape {
    what: "type",
    about: "An enumeration (`values`), or the codes of a registry.",
    keys: &[
        depends("values", Form::List(&Form::Scalar(Slot::Define(Sort::Entry))), "The codes of an enumeration."),
        depends("registry", Form::Scalar(Slot::Refer(Sort::Registry)), "The registry that knows its names."),
        may(
            "by",
            Form::Scalar(Slot::Word(&[("regions", "By the regions of the entries.")])),
            "The names by which values are written, when not all.",
        ),
        may("unrecognised", UNRECOGNISED, "What a value means that is not among them."),
    ],
};

static RESULT: Shape = Shape {
    what: "result",
    about: "A value that decisions may carry.",
    keys: &[must("type", TYPE, "Its type."), may("gist", GIST, "What it is.")],
};

static FACT_DEF: Shape = Shape {
    what: "fact",
    about: "A value that a request gives, or that is derived from others.",
    keys: &[
        must("type", TYPE, "Its type."),
        may("gist", GIST, "What it is."),
        may("fixed", BOOLEAN, "Whether the caller cannot change it."),
        may("private", PRIVATE, "How much of its value the record keeps, and whether others may see it."),
        may("script", Form::Scalar(Slot::Script), "How it is derived from facts declared before it."),
        may("at-least", VALUE, "The least value a request may give."),
        may("absent", ABSENT, "What it means when it is not given."),
        may("default", VALUE, "The value that is taken when it is not given."),
        may("unrecognised", UNRECOGNISED, "What a value means that its type does not know."),
    ],
};

static ABSENT_FROM: Shape = Shape {
    what: "absent",
    about: "The value of another fact is taken.",
    keys: &[must("from", FACT, "The other fact.")],
};

static KIND: Shape = Shape {
    what: "kind",
    about: "A kind of request: the facts it has and how it splits into parts.",
    keys: &[
        may("gist", GIST, "What is asked."),
        must("facts", Form::List(&Form::Scalar(Slot::Facts)), "Its facts; `order.*` for all that begin so."),
        may(
            "changes",
            Form::Map(Slot::Refer(Sort::Fact), &Form::Shape(&CHANGE)),
            "What is different about a fact for this kind.",
        ),
        may("fan-out", Form::List(&Form::Shape(&FAN_OUT)), "How a request splits into parts."),
        may("contradictions", Form::List(&Form::Shape(&CONTRADICTION)), "What makes a request contradict itself."),
        may("complete", BOOLEAN, "Whether some rule is to speak about every request."),
        must("otherwise", REASON, "The reason when nothing permits."),
    ],
};

static CHANGE: Shape = Shape {
    what: "change",
    about: "What is different about a fact for a kind of request.",
    keys: &[
        may("absent", ABSENT, "What it means when it is not given."),
        may("default", VALUE, "The value that is taken when it is not given."),
        may("unrecognised", UNRECOGNISED, "What a value means that its type does not know."),
        may("values", Form::List(&VALUE), "The only values that the kind takes."),
    ],
};

static FAN_OUT: Shape = Shape {
    what: "fan-out",
    about: "A list in a request whose elements are decided one by one.",
    keys: &[
        must("over", TEXT, "The path of the list."),
        may("as", TEXT, "The branch of facts that an element stands for."),
        may("facts", Form::Map(Slot::Text, &Form::Scalar(Slot::Facts)), "Keys of an element and the facts they are."),
        may("label", FACT, "The fact whose value names the part; its position when silent."),
        may("only", FACT, "The fact that names the elements that the request is about."),
        may("unique-by", FACTS, "Facts that together make an element unique."),
        may("when-stated", FACTS, "Splits only when an element states one of these."),
        may("never-inherit", FACTS, "Facts of the whole that a part never inherits."),
        may("pick", BOOLEAN, "Whether it only picks one element and never splits."),
    ],
};

static CONTRADICTION: Shape = Shape {
    what: "contradiction",
    about: "A condition under which a request contradicts itself.",
    keys: &[
        must("when", Form::Condition, "The condition."),
        must("path", FACT, "The path to blame."),
        must("message", Form::Scalar(Slot::Refer(Sort::Message)), "The message, without `contradiction-`."),
    ],
};
