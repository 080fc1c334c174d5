//! Tables and their rows → JSON Schema.

use serde_json::{Map, Value as Json, json};

use crate::bundle::checked::Table;
use crate::bundle::grammar::{Form, ROW_KEYS, WINDOW_ROW_KEYS};

use super::names::NAME_PATTERN;
use super::{Writer, described, merge, object};

impl Writer<'_> {
    /// Known tables with the columns they have, and others.
    pub(super) fn map_of_tables(&mut self, value: &'static Form) -> Json {
        let Form::Shape(shape) = value else { return json!({}) };
        let any = self.form(value);
        let mut properties = Map::new();
        for table in &self.draft().tables {
            let mut body = self.shape_body(shape);
            let rows = json!({ "type": "array", "minItems": 1, "items": self.row(Some(table)) });
            if let Some(known) = body.get_mut("properties").and_then(Json::as_object_mut) {
                known.insert("rows".into(), described(rows, "The rows."));
            }
            properties.insert(table.name.to_string(), body);
        }
        let mut out = object(properties, any);
        merge(&mut out, json!({ "propertyNames": { "pattern": NAME_PATTERN } }));
        out
    }

    /// A row: of a known table by its columns, of another by all facts and any column.
    pub(super) fn row(&mut self, table: Option<&Table>) -> Json {
        match table {
            Some(table) => self.row_of(table),
            None => self.define("row", |writer| {
                let mut properties = writer.fact_tests();
                properties.extend(writer.row_keys());
                properties.extend(writer.window_keys());
                object(properties, json!({ "type": ["string", "number", "boolean", "array"] }))
            }),
        }
    }

    fn row_keys(&mut self) -> Vec<(String, Json)> {
        ROW_KEYS.map(|(key, form, about)| (key.to_owned(), described(self.form(form), about))).into()
    }

    fn window_keys(&mut self) -> Vec<(String, Json)> {
        WINDOW_ROW_KEYS.map(|(key, form, about)| (key.to_owned(), described(self.form(form), about))).into()
    }

    fn row_of(&mut self, table: &Table) -> Json {
        let mut properties = Map::new();
        let mut tests = self.fact_tests();
        for path in table.by.iter().filter_map(|ix| self.draft().facts.get(ix.0)).map(|fact| &*fact.path) {
            properties.extend(tests.remove_entry(path));
        }
        let columns = if table.is_window { &[][..] } else { &table.gives };
        if table.is_window {
            properties.extend(self.window_keys());
        }
        for (column, type_) in columns {
            let value = self.value_of(type_);
            properties.insert(column.to_string(), described(value, &format!("A column of type `{type_}`.")));
        }
        properties.extend(self.row_keys());
        let required: Vec<&str> = columns.iter().map(|(column, _)| &**column).collect();
        let mut out = object(properties, false.into());
        merge(&mut out, json!({ "required": required }));
        out
    }
}
