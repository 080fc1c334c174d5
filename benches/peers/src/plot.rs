//! The growth as a picture: nanoseconds over the number of rules, both by powers of ten.

use std::fmt::Write;

use crate::measure::Row;
use crate::table::names;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 620.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 460.0;
const COLOURS: [&str; 11] = [
    "#7f7f7f", "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#bcbd22", "#17becf", "#393b79",
    "#ff7f0e",
];

/// From 10 rules to 10⁴ and a little more.
fn x(rules: f64) -> f64 {
    LEFT + (rules.log10() - 1.0) / 3.1 * (RIGHT - LEFT)
}

/// From 10 ns to 10⁸ ns.
fn y(nanoseconds: f64) -> f64 {
    BOTTOM - (nanoseconds.log10() - 1.0) / 7.0 * (BOTTOM - TOP)
}

pub fn svg(rows: &[Row], base: usize) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"28\" \
         font-size=\"15\">Time per decision on prepared input over the number of rules</text>\n"
    );
    grid(&mut text).unwrap();
    lines(&mut text, rows, base).unwrap();
    text.push_str("</svg>\n");
    text
}

fn grid(text: &mut String) -> std::fmt::Result {
    for (power, label) in (1..=8).zip(["10 ns", "100 ns", "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms"]) {
        let y = y(10_f64.powi(power));
        writeln!(text, "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>")?;
        writeln!(text, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, y + 4.0)?;
    }
    for (power, label) in (1..=4).zip(["10", "100", "1 000", "10 000"]) {
        let x = x(10_f64.powi(power));
        writeln!(text, "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{BOTTOM}\" stroke=\"#ddd\"/>")?;
        writeln!(text, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>", BOTTOM + 18.0)?;
    }
    let middle = (LEFT + RIGHT) / 2.0;
    writeln!(text, "<text x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\">rules</text>", BOTTOM + 40.0)
}

fn lines(text: &mut String, rows: &[Row], base: usize) -> std::fmt::Result {
    let mut labels: Vec<(f64, f64, String, &str, bool)> = Vec::new();
    for (name, colour) in names(rows).into_iter().zip(COLOURS.iter().cycle()) {
        let measured = rows.iter().filter(|row| row.name == name && row.refused.is_none());
        let points: Vec<(f64, f64)> = measured.map(|row| (x((row.extras + base) as f64), y(row.prepared))).collect();
        let ours = name.starts_with('*');
        let width = if ours { 3 } else { 1 };
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let path = path.join(" ");
        writeln!(text, "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>")?;
        for (x, y) in &points {
            writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{}\" fill=\"{colour}\"/>", width + 1)?;
        }
        if let Some((x, y)) = points.last() {
            labels.push((*x, *y, name.trim_matches('*').to_owned(), colour, ours));
        }
    }
    labels.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut free = 0.0_f64;
    for (x, y, name, colour, ours) in labels {
        let at = y.max(free);
        free = at + 15.0;
        let weight = if ours { "bold" } else { "normal" };
        let place = format!("x=\"{:.1}\" y=\"{:.1}\"", x.max(RIGHT) + 8.0, at + 4.0);
        writeln!(text, "<text {place} fill=\"{colour}\" font-weight=\"{weight}\">{name}</text>")?;
    }
    Ok(())
}
