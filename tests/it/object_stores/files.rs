//! Files of every format with the same rows.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::ipc::writer::FileWriter;
use arrow_avro::writer::AvroWriter;
use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::parquet::arrow::ArrowWriter;
use futures::{StreamExt, TryStreamExt, stream};

fn batch(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: StringArray = ids.clone().map(|id| Some(format!("n{id}"))).collect();
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(Int64Array::from_iter_values(ids))),
        ("name", Arc::new(names)),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
        .unwrap()
}

pub fn csv(ids: std::ops::Range<i64>) -> String {
    let rows: String = ids.map(|id| format!("{id},n{id}\n")).collect();
    format!("id,name\n{rows}")
}

pub fn json(ids: std::ops::Range<i64>) -> String {
    ids.map(|id| format!("{{\"id\": {id}, \"name\": \"n{id}\"}}\n"))
        .collect()
}

pub fn parquet(ids: std::ops::Range<i64>) -> Vec<u8> {
    let batch = batch(ids);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

pub fn arrow(ids: std::ops::Range<i64>) -> Vec<u8> {
    let batch = batch(ids);
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

pub fn avro(ids: std::ops::Range<i64>) -> Vec<u8> {
    let batch = batch(ids);
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = AvroWriter::new(&mut bytes, batch.schema().as_ref().clone()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    bytes.into_inner()
}

pub async fn compressed(text: String, compression: FileCompressionType) -> Vec<u8> {
    let bytes = stream::iter([Ok(Bytes::from(text))]).boxed();
    let chunks: Vec<Bytes> = compression
        .convert_to_compress_stream(bytes)
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    chunks.concat()
}
