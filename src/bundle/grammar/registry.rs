//! Registries and source documents.

use super::{BOOLEAN, BY_LANGUAGE, CLAUSES, Form, SOURCE as SOURCE_NAME, Shape, Slot, Sort, TEXT, TEXTS, may, must};

pub(super) static FILE: Shape = Shape {
    what: "registry file",
    about: "Registries: codes and the names people write for them.",
    keys: &[
        may("source", SOURCE_NAME, "The source document of its clauses."),
        must(
            "registries",
            Form::Map(Slot::Define(Sort::Registry), &Form::Shape(&REGISTRY)),
            "The registries, or more entries for them.",
        ),
    ],
};

static REGISTRY: Shape = Shape {
    what: "registry",
    about: "Codes and the names people write for them.",
    keys: &[
        must("entries", Form::List(&Form::Shape(&ENTRY)), "The entries."),
        may("ambiguous", Form::List(&Form::Shape(&AMBIGUOUS)), "Names that may mean several entries."),
    ],
};

static ENTRY: Shape = Shape {
    what: "entry",
    about: "A code and its names.",
    keys: &[
        must("code", Form::Scalar(Slot::Define(Sort::Entry)), "The code that policies use."),
        may("names", BY_LANGUAGE, "The name that messages show, by language."),
        may("aliases", TEXTS, "Other names by which requests may call it."),
        may("regions", TEXTS, "ISO 3166-2 codes that stand for it."),
        may("clauses", CLAUSES, "The clauses it rests on."),
    ],
};

static AMBIGUOUS: Shape = Shape {
    what: "ambiguous name",
    about: "A name that may mean several entries, so that it is asked for again.",
    keys: &[
        must("name", TEXT, "The name."),
        must("candidates", Form::List(&Form::Scalar(Slot::Refer(Sort::Entry))), "The codes it may mean."),
    ],
};

pub(super) static SOURCE: Shape = Shape {
    what: "source",
    about: "A source document, sentence by sentence.",
    keys: &[
        must("source", Form::Scalar(Slot::Define(Sort::Source)), "Its id, the part of a clause before `#`."),
        may("title", BY_LANGUAGE, "Its title, by language."),
        may("published", TEXT, "When it was published."),
        may("sections", Form::List(&Form::Shape(&SECTION)), "Its sections."),
        must("clauses", Form::List(&Form::Shape(&CLAUSE)), "Its numbered sentences."),
    ],
};

static SECTION: Shape = Shape {
    what: "section",
    about: "A section of a source document.",
    keys: &[
        must("id", Form::Scalar(Slot::Define(Sort::Section)), "Its id."),
        may("title", BY_LANGUAGE, "Its title, by language."),
    ],
};

static CLAUSE: Shape = Shape {
    what: "clause",
    about: "One numbered sentence.",
    keys: &[
        must("clause", Form::Scalar(Slot::ClauseNumber), "Its number."),
        must("section", Form::Scalar(Slot::Refer(Sort::Section)), "The section it stands in."),
        may("normative", BOOLEAN, "Whether it states something that decides; then something must cite it."),
        may("requirements", TEXTS, "The requirements it carries."),
        must("gist", BY_LANGUAGE, "What it says, in your own words, by language."),
    ],
};
