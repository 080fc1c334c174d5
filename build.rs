//! Compiles the shipped bundles into the library, so that it needs no files at run time: their texts, and what the YAML among
//! them says, so that loading need not take it apart again. `src/bundle/recorded.rs` reads that, and says how it is written.
#![allow(clippy::arithmetic_side_effects, reason = "it reads our own files")]

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use granit_parser::{Event, Marker, Parser, ScalarStyle};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("policies");
    println!("cargo:rerun-if-changed=policies");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut code = String::from(
        "/// Path below `policies/`, text, and what it says.\npub static SHIPPED: &[(&str, &str, &[u8])] = &[\n",
    );
    for (at, file) in files.iter().enumerate() {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        let events = out.join(format!("{at}.events"));
        let is_yaml = file.extension().is_some_and(|end| end == "yaml");
        // Both are of what is read here, whatever becomes of the file meanwhile.
        let (text, copy) = (fs::read_to_string(file)?, out.join(format!("{at}.text")));
        fs::write(&copy, &text)?;
        let recorded = if is_yaml { record(&text) } else { None };
        fs::write(&events, recorded.unwrap_or_default())?;
        let (text, events) = (copy.to_string_lossy(), events.to_string_lossy());
        writeln!(code, "    ({name:?}, include_str!({text:?}), include_bytes!({events:?})),")?;
    }
    code.push_str("];\n");
    fs::write(out.join("shipped.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|end| ["yaml", "rhai", "ftl"].iter().any(|known| end == *known)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Writes down what a file says; `None` for one that is no YAML, or has anchors, tags or several documents: what is to be said
/// of those is said when they are loaded.
fn record(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut last, mut documents) = (Vec::new(), Spot::default(), 0);
    for item in Parser::new_from_str(text) {
        let (event, span) = item.ok()?;
        let (head, scalar) = match &event {
            Event::SequenceEnd | Event::MappingEnd => (0, None),
            Event::SequenceStart(_, 0, None) => (1, None),
            Event::MappingStart(_, 0, None) => (2, None),
            Event::Scalar(text, style, 0, None) => (3 | style_bits(*style), Some(text)),
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => return None,
            Event::DocumentStart(..) => {
                documents += 1;
                continue;
            }
            _ => continue,
        };
        let (from, until) = (Spot::of(span.start), Spot::of(span.end));
        let elsewhere = scalar.filter(|scalar| text.get(from.byte..until.byte) != Some(&***scalar));
        let as_it_is = scalar.is_some() && elsewhere.is_none();
        out.push(head | u8::from(as_it_is) << 4);
        from.write(last, &mut out);
        until.write(from, &mut out);
        if let Some(scalar) = elsewhere {
            number(scalar.len() as u64, &mut out);
            out.extend_from_slice(scalar.as_bytes());
        }
        last = from;
    }
    (documents == 1).then_some(out)
}

fn style_bits(style: ScalarStyle) -> u8 {
    let style = match style {
        ScalarStyle::Plain => 0,
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
        ScalarStyle::Literal => 2,
        ScalarStyle::Folded => 3,
    };
    style << 2
}

#[derive(Clone, Copy, Default)]
struct Spot {
    byte: usize,
    line: usize,
    column: usize,
}

impl Spot {
    fn of(marker: Marker) -> Self {
        let byte = marker.byte_offset().unwrap_or_else(|| marker.index());
        Self { byte, line: marker.line(), column: marker.col() }
    }

    fn write(self, from: Self, out: &mut Vec<u8>) {
        number(signed(self.byte, from.byte), out);
        number(signed(self.line, from.line), out);
        number(self.column as u64, out);
    }
}

fn signed(to: usize, from: usize) -> u64 {
    if to >= from { (to - from) as u64 * 2 } else { (from - to) as u64 * 2 - 1 }
}

fn number(mut number: u64, out: &mut Vec<u8>) {
    while number > 127 {
        out.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}
