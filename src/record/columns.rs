//! The log as Parquet: one row per entry, the bundles beside them. The only place that names `parquet`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::entry::{ENTRY_BYTES, Entry};
use super::error::RecordError;
use super::export::{Done, What, each};
use super::store::Store;

const SCHEMA: &str = "message log {
    required int64 seq; required binary received (utf8); required binary kind (utf8); required binary outcome (utf8);
    required binary hash (utf8); required binary entry (utf8); optional binary private (utf8);
}";
/// Rows that are read and written together.
const GROUP: usize = 10_000;
/// Bytes of entries that are written together.
const GROUP_BYTES: usize = 64 << 20;
/// Before the digest of a bundle among the key-value pairs of the file.
const BUNDLE: &str = "clausal.bundle.";

impl From<parquet::errors::ParquetError> for RecordError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Unreadable { what: "the Parquet file".into(), why: error.to_string().to_lowercase() }
    }
}

/// Rows that wait to be written, column by column.
#[derive(Default)]
struct Group {
    seq: Vec<i64>,
    texts: [Vec<ByteArray>; 5],
    private: Vec<ByteArray>,
    private_levels: Vec<i16>,
    bytes: usize,
}

/// Writes a log as Parquet.
///
/// # Errors
/// When the log cannot be read or the output not written.
pub fn write(store: &Store, what: What, out: impl Write + Send) -> Result<Done, RecordError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    // No two entries are the same text: a dictionary of them would be the column again.
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    let properties = ["entry", "hash", "private"].into_iter().fold(properties, |properties, column| {
        properties.set_column_dictionary_enabled(ColumnPath::from(column), false)
    });
    let properties = Arc::new(properties.build());
    let mut writer = SerializedFileWriter::new(out, schema, properties)?;
    let (mut group, mut bundles) = (Group::default(), BTreeSet::new());
    let done = each(store, what, |row, payload| {
        let entry = Entry::parse(payload)?;
        let decisions = entry.decisions()?;
        let text = |key: &str| {
            let first = decisions.first().and_then(|one| one.get(key)).and_then(serde_json::Value::as_str);
            ByteArray::from(first.unwrap_or("invalid"))
        };
        let texts = [
            ByteArray::from(entry.received.as_str()),
            text("kind"),
            text("outcome"),
            ByteArray::from(row.hash.to_string().as_str()),
            ByteArray::from(payload.to_vec()),
        ];
        bundles.insert(entry.bundle.digest);
        group.seq.push(i64::try_from(row.seq).unwrap_or(i64::MAX));
        group.bytes = group.bytes.saturating_add(payload.len());
        for (column, text) in group.texts.iter_mut().zip(texts) {
            column.push(text);
        }
        let private = row.openings.as_ref().filter(|_| what.private);
        group.private_levels.push(private.is_some().into());
        group.private.extend(private.map(|bytes| ByteArray::from(bytes.clone())));
        if group.seq.len() >= GROUP || group.bytes >= GROUP_BYTES {
            flush(&mut writer, std::mem::take(&mut group))?;
        }
        Ok(())
    })?;
    flush(&mut writer, group)?;
    for digest in bundles {
        if let Some(files) = store.bundle_files(&digest)? {
            let files = String::from_utf8_lossy(&files).into_owned();
            writer.append_key_value_metadata(KeyValue::new(format!("{BUNDLE}{digest}"), files));
        }
    }
    writer.close()?;
    Ok(done)
}

fn flush<W: Write + Send>(writer: &mut SerializedFileWriter<W>, group: Group) -> Result<(), RecordError> {
    if group.seq.is_empty() {
        return Ok(());
    }
    let mut rows = writer.next_row_group()?;
    if let Some(mut column) = rows.next_column()? {
        column.typed::<Int64Type>().write_batch(&group.seq, None, None)?;
        column.close()?;
    }
    for texts in &group.texts {
        if let Some(mut column) = rows.next_column()? {
            column.typed::<ByteArrayType>().write_batch(texts, None, None)?;
            column.close()?;
        }
    }
    if let Some(mut column) = rows.next_column()? {
        column.typed::<ByteArrayType>().write_batch(&group.private, Some(&group.private_levels), None)?;
        column.close()?;
    }
    rows.close()?;
    Ok(())
}

/// A Parquet file that is read as a log.
pub struct Columns {
    file: SerializedFileReader<File>,
}

impl Columns {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is no Parquet, or has no entries.
    pub fn open(file: File) -> Result<Self, RecordError> {
        let columns = Self { file: SerializedFileReader::new(file)? };
        columns.column("entry")?;
        Ok(columns)
    }

    fn column(&self, name: &str) -> Result<usize, RecordError> {
        let schema = self.file.metadata().file_metadata().schema_descr();
        let found = schema.columns().iter().position(|column| column.path().string() == name);
        found.ok_or_else(|| RecordError::Unreadable {
            what: "the Parquet file".into(),
            why: format!("it has no column `{name}`; it is no export of a log"),
        })
    }

    /// The files of the bundles that decided, by digest.
    pub fn bundles(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.file.metadata().file_metadata().key_value_metadata();
        pairs.into_iter().flatten().filter_map(|pair| Some((pair.key.strip_prefix(BUNDLE)?, pair.value.as_deref()?)))
    }

    /// Entries, if the file says how many.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.file.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// How many groups of rows there are, each of which reads by itself.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.file.num_row_groups()
    }

    /// Reads the entries of a group of rows in order, with what opens their commitments.
    ///
    /// # Errors
    /// When the file does not read, or `one` fails.
    pub fn each(
        &self,
        group: usize,
        mut one: impl FnMut(&[u8], Option<&[u8]>) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        let (entry, private) = (self.column("entry")?, self.column("private").ok());
        let rows = self.file.get_row_group(group)?;
        let mut entries = rows.get_column_reader(entry)?;
        let mut privates = private.map(|at| rows.get_column_reader(at)).transpose()?;
        loop {
            let (texts, _) = some(&mut entries)?;
            if texts.is_empty() {
                return Ok(());
            }
            let mut openings = match &mut privates {
                Some(column) => some(column).map(|(values, levels)| spread(values, &levels))?,
                None => Vec::new(),
            }
            .into_iter();
            for text in texts {
                one(text.data(), openings.next().flatten().as_ref().map(ByteArray::data))?;
            }
        }
    }
}

/// Rows that are read together: with the bound on an entry, a bound on memory.
const READ: usize = 256;

/// The next values of a column, and for each row whether it has one.
fn some(column: &mut ColumnReader) -> Result<(Vec<ByteArray>, Vec<i16>), RecordError> {
    let ColumnReader::ByteArrayColumnReader(column) = column else {
        return Err(RecordError::Unreadable { what: "the Parquet file".into(), why: "a column is no text".into() });
    };
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    column.read_records(READ, Some(&mut levels), None, &mut values)?;
    if let Some(large) = values.iter().find(|value| value.len() > ENTRY_BYTES) {
        return Err(RecordError::TooLarge { found: large.len(), most: ENTRY_BYTES });
    }
    Ok((values, levels))
}

fn spread(values: Vec<ByteArray>, levels: &[i16]) -> Vec<Option<ByteArray>> {
    let mut values = values.into_iter();
    levels.iter().map(|level| if *level > 0 { values.next() } else { None }).collect()
}
