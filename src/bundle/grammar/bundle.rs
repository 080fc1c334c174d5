//! `bundle.yaml`.

use super::policy::EFFECTIVE;
use super::{CLAUSES, FACT, FILE, Form, GIST, SOURCE, Shape, Slot, Sort, TEXT, TYPE, VALUE, depends, may, must};

const FILES: Form = Form::List(&FILE);

pub(super) static BUNDLE: Shape = Shape {
    what: "bundle",
    about: "What a bundle is called, what it extends and which files it is made of.",
    keys: &[
        must("bundle", Form::Scalar(Slot::Define(Sort::Bundle)), "The name of the bundle."),
        must("version", TEXT, "Its version, in quotes."),
        may("extends", FILE, "The folder of the bundle that this one changes."),
        may(
            "mode",
            Form::Scalar(Slot::Word(&[("restrict", "It only tightens what it extends.")])),
            "What it may do to what it extends.",
        ),
        depends(
            "languages",
            Form::List(&Form::Scalar(Slot::Language)),
            "The languages of its messages; the first is the default. Needed unless it extends another bundle.",
        ),
        depends("vocabulary", FILE, "What requests can say. Needed unless it extends another bundle."),
        may("registries", FILES, "Codes and the names people write for them."),
        may("sources", FILES, "Source documents, sentence by sentence."),
        may("policies", FILES, "Policies, in the order in which reasons are listed."),
        may("invariants", FILES, "What must hold of every decision; see `clausal prove`."),
        may("scripts", FILES, "Functions that expressions may call."),
        may("messages", Form::Map(Slot::Language, &FILE), "The messages of each language."),
        may(
            "settings",
            Form::Map(Slot::Define(Sort::Setting), &Form::Either(&VALUE, &Form::Shape(&SETTING))),
            "Readings of what the sources leave open: declared here, or set to another value.",
        ),
    ],
};

pub(super) static SETTING: Shape = Shape {
    what: "setting",
    about: "A reading of what the sources leave open.",
    keys: &[
        must("type", TYPE, "Its type."),
        must("default", VALUE, "The value in force unless an overlay sets another."),
        may("choices", Form::List(&VALUE), "All values it may take."),
        may(
            "time-zone-or",
            Form::List(&VALUE),
            "It takes the name of an IANA time zone, or one of these words; an empty list for zones alone.",
        ),
        may("source", SOURCE, "The source document of its clauses."),
        may("clauses", CLAUSES, "The clauses it reads."),
        may("gist", GIST, "What it means."),
        may("dated", Form::List(&Form::Shape(&DATED)), "Values that hold for a time."),
        may("dated-by", FACT, "The fact by which their periods are read; `at` when silent."),
    ],
};

static DATED: Shape = Shape {
    what: "dated value",
    about: "A value of a setting that holds for a time.",
    keys: &[
        must("value", VALUE, "The value."),
        must("effective", Form::Shape(&EFFECTIVE), "From when to when it holds."),
    ],
};
