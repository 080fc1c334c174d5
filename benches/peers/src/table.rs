//! The report as Markdown.

use std::fmt::Write;

use crate::measure::Row;

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1_000.0 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.1} µs", n / 1e3),
        n => format!("{:.1} ms", n / 1e6),
    }
}

fn of<'a>(rows: &'a [Row], name: &str, extras: usize) -> Option<&'a Row> {
    rows.iter().find(|row| row.name == name && row.extras == extras)
}

/// The engines in the order in which they were measured.
pub fn names(rows: &[Row]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    names
}

/// All figures without extra rules, then the growth, then what the engines cannot say.
pub fn markdown(rows: &[Row], sizes: &[usize], ours: &str) -> String {
    let mut text = String::new();
    plain(&mut text, rows, ours).unwrap();
    growth(&mut text, rows, sizes).unwrap();
    largest(&mut text, rows, sizes).unwrap();
    cannot(&mut text, rows).unwrap();
    text
}

fn plain(text: &mut String, rows: &[Row], ours: &str) -> std::fmt::Result {
    let Some(base) = of(rows, ours, 0) else { return Ok(()) };
    writeln!(text, "| engine | prepared | over ours | p50 | p99 | from JSON | over ours | allocations |")?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for row in rows.iter().filter(|row| row.extras == 0 && row.refused.is_none()) {
        let (prepared, json) = (row.prepared / base.prepared, row.json / base.json);
        let [p, p50, p99, j] = [row.prepared, row.p50, row.p99, row.json].map(time);
        let name = &row.name;
        writeln!(
            text,
            "| {name} | {p} | {prepared:.1} × | {p50} | {p99} | {j} | {json:.1} × | {:.1} |",
            row.allocations
        )?;
    }
    writeln!(text)
}

/// The figure of one engine with so many extra rules, or a dash where it refused them.
fn cell(rows: &[Row], name: &str, extras: usize) -> String {
    let row = of(rows, name, extras).filter(|row| row.refused.is_none());
    row.map_or("refused".to_owned(), |row| time(row.prepared))
}

fn growth(text: &mut String, rows: &[Row], sizes: &[usize]) -> std::fmt::Result {
    writeln!(text, "Prepared, with so many extra rules:\n")?;
    let heads: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    writeln!(text, "| engine | {} | growth |", heads.join(" | "))?;
    writeln!(text, "| --- |{}", " ---: |".repeat(sizes.len() + 1))?;
    for name in names(rows) {
        let cells: Vec<String> = sizes.iter().map(|size| cell(rows, name, *size)).collect();
        let measured: Vec<&Row> = rows.iter().filter(|row| row.name == name && row.refused.is_none()).collect();
        let growth = measured.last().zip(measured.first()).map_or(1.0, |(last, first)| last.prepared / first.prepared);
        writeln!(text, "| {name} | {} | {growth:.1} × |", cells.join(" | "))?;
    }
    writeln!(text)
}

fn largest(text: &mut String, rows: &[Row], sizes: &[usize]) -> std::fmt::Result {
    let Some(largest) = sizes.last() else { return Ok(()) };
    writeln!(text, "Loading, and the memory that is then held:\n")?;
    writeln!(text, "| engine | load | memory | load with {largest} | memory with {largest} | decisions checked |")?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: | ---: |")?;
    for name in names(rows) {
        let figures = |extras| match of(rows, name, extras).filter(|row| row.refused.is_none()) {
            Some(row) => format!("{} | {:.2} MB", time(row.load_ms * 1e6), row.megabytes),
            None => "refused | –".to_owned(),
        };
        let checked: usize = rows.iter().filter(|row| row.name == name).map(|row| row.checked).sum();
        writeln!(text, "| {name} | {} | {} | {checked} |", figures(0), figures(*largest))?;
    }
    writeln!(text)
}

fn cannot(text: &mut String, rows: &[Row]) -> std::fmt::Result {
    writeln!(text, "| engine | cannot |\n| --- | --- |")?;
    for row in rows.iter().filter(|row| row.extras == 0) {
        writeln!(text, "| {} | {} |", row.name, row.cannot)?;
    }
    for row in rows {
        if let Some(why) = &row.refused {
            writeln!(text, "| {} | load {} extra rules: {} |", row.name, row.extras, why.replace('\n', " "))?;
        }
    }
    Ok(())
}
