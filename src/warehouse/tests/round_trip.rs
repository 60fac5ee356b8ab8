//! What goes into a table comes out of it.

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;
use tributary_udfs::composites::CompositeType;

use super::*;
use crate::error::SqlState;

fn nullable(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn flat_columns() -> Vec<(&'static str, ArrayRef)> {
    let numbers = nullable(Int64Array::from(vec![Some(1), None, Some(100)]));
    let texts = nullable(StringArray::from(vec![Some("ä'\\\""), None, Some("")]));
    let of = |data_type: DataType| cast(&numbers, &data_type).unwrap();
    let text = |data_type: DataType| cast(&texts, &data_type).unwrap();
    let utc: Arc<str> = "UTC".into();
    let berlin: Arc<str> = "Europe/Berlin".into();
    let dictionary = |value| DataType::Dictionary(Box::new(DataType::Int32), Box::new(value));
    vec![
        (
            "bool",
            nullable(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("i8", of(DataType::Int8)),
        ("i16", of(DataType::Int16)),
        ("i32", of(DataType::Int32)),
        (
            "i64",
            nullable(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])),
        ),
        (
            "u8",
            nullable(UInt8Array::from(vec![Some(0), None, Some(u8::MAX)])),
        ),
        (
            "u16",
            nullable(UInt16Array::from(vec![Some(0), None, Some(u16::MAX)])),
        ),
        (
            "u32",
            nullable(UInt32Array::from(vec![Some(0), None, Some(u32::MAX)])),
        ),
        (
            "u64",
            nullable(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)])),
        ),
        ("f16", of(DataType::Float16)),
        (
            "f32",
            nullable(Float32Array::from(vec![
                Some(-0.0),
                None,
                Some(f32::INFINITY),
            ])),
        ),
        (
            "f64",
            nullable(Float64Array::from(vec![
                Some(f64::NAN),
                None,
                Some(f64::MIN),
            ])),
        ),
        ("utf8", text(DataType::Utf8)),
        ("large_utf8", text(DataType::LargeUtf8)),
        ("utf8_view", text(DataType::Utf8View)),
        ("dictionary", text(dictionary(DataType::Utf8))),
        ("binary", text(DataType::Binary)),
        ("large_binary", text(DataType::LargeBinary)),
        ("binary_view", text(DataType::BinaryView)),
        (
            "fixed_binary",
            nullable(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(
                    [Some([0u8, 255]), None, Some([7, 7])].into_iter(),
                    2,
                )
                .unwrap(),
            ),
        ),
        (
            "date32",
            nullable(Date32Array::from(vec![Some(-719_163), None, Some(20_000)])),
        ),
        (
            "date64",
            nullable(Date64Array::from(vec![
                Some(-86_400_000),
                None,
                Some(86_400_000),
            ])),
        ),
        ("ts_s", of(DataType::Timestamp(TimeUnit::Second, None))),
        (
            "ts_ms",
            of(DataType::Timestamp(TimeUnit::Millisecond, None)),
        ),
        (
            "ts_us",
            of(DataType::Timestamp(TimeUnit::Microsecond, None)),
        ),
        (
            "ts_ns",
            nullable(TimestampNanosecondArray::from(vec![
                Some(-1000),
                None,
                Some(1_000_000),
            ])),
        ),
        (
            "ts_utc",
            of(DataType::Timestamp(TimeUnit::Microsecond, Some(utc))),
        ),
        (
            "ts_zone",
            of(DataType::Timestamp(TimeUnit::Millisecond, Some(berlin))),
        ),
        (
            "time_s",
            nullable(Time32SecondArray::from(vec![Some(0), None, Some(86_399)])),
        ),
        (
            "time_ms",
            nullable(Time32MillisecondArray::from(vec![Some(0), None, Some(1)])),
        ),
        (
            "time_us",
            nullable(Time64MicrosecondArray::from(vec![Some(0), None, Some(1)])),
        ),
        (
            "time_ns",
            nullable(Time64NanosecondArray::from(vec![Some(0), None, Some(1)])),
        ),
        (
            "duration_ns",
            nullable(DurationNanosecondArray::from(vec![Some(-1), None, Some(1)])),
        ),
        (
            "interval_ym",
            nullable(IntervalYearMonthArray::from(vec![
                Some(-13),
                None,
                Some(14),
            ])),
        ),
        (
            "interval_dt",
            nullable(IntervalDayTimeArray::from(vec![
                Some(IntervalDayTime::new(-1, 5)),
                None,
                Some(IntervalDayTime::new(3, -1)),
            ])),
        ),
        (
            "interval_mdn",
            nullable(IntervalMonthDayNanoArray::from(vec![
                Some(IntervalMonthDayNano::new(-1, 2, -3)),
                None,
                Some(IntervalMonthDayNano::new(14, -40, 86_400_000_000_001)),
            ])),
        ),
        ("decimal32", of(DataType::Decimal32(9, 2))),
        ("decimal64", of(DataType::Decimal64(18, 2))),
        (
            "decimal128",
            nullable(
                Decimal128Array::from(vec![Some(-10_i128.pow(37)), None, Some(1)])
                    .with_precision_and_scale(38, 10)
                    .unwrap(),
            ),
        ),
        ("decimal256", of(DataType::Decimal256(38, 3))),
        ("decimal_wide", of(DataType::Decimal256(60, 3))),
    ]
}

fn nested_columns() -> Vec<(&'static str, ArrayRef)> {
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append_value([Some(1), None]);
    list.append_null();
    list.append_value([]);
    let list: ArrayRef = Arc::new(list.finish());
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let mut fixed = FixedSizeListBuilder::new(Int32Builder::new(), 2);
    for (value, valid) in [(1, true), (2, false), (3, true)] {
        fixed.values().append_value(value);
        fixed.values().append_null();
        fixed.append(valid);
    }
    let inner = StructArray::from(vec![
        (
            Arc::new(Field::new("b", DataType::Utf8View, true)),
            Arc::new(StringViewArray::from(vec![Some("x"), None, Some("y")])) as ArrayRef,
        ),
        (
            Arc::new(Field::new(
                "time of day",
                DataType::Time64(TimeUnit::Microsecond),
                true,
            )),
            Arc::new(Time64MicrosecondArray::from(vec![None, Some(5), Some(6)])) as ArrayRef,
        ),
    ]);
    let with_nulls = StructArray::new(
        inner.fields().clone(),
        inner.columns().to_vec(),
        Some(vec![true, true, false].into()),
    );
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    let structs = ListArray::new(
        Arc::new(Field::new("item", inner.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]),
        Arc::new(inner),
        None,
    );
    let of = CompositeType {
        oid: 16_390,
        array_oid: 16_391,
    };
    let length = ("length".to_owned(), "5".to_owned());
    let attributes = Fields::from(vec![
        Field::new("street", DataType::Utf8, true).with_metadata([length].into()),
        Field::new("number", DataType::Int32, true),
    ]);
    let composite = of.data_type(&attributes);
    let DataType::Struct(parts) = &composite else {
        panic!("a struct")
    };
    let rows = StructArray::new(
        parts.clone(),
        vec![
            Arc::new(StringArray::from(vec![Some("x"), None, None])),
            Arc::new(Int32Array::from(vec![Some(1), Some(2), None])),
        ],
        Some(vec![true, true, false].into()),
    );
    let composites = ListArray::new(
        Arc::new(Field::new("item", composite, true)),
        arrow::buffer::OffsetBuffer::from_lengths([1, 0, 2]),
        Arc::new(rows.clone()),
        None,
    );
    vec![
        ("list", Arc::clone(&list)),
        (
            "large_list",
            cast(&list, &DataType::LargeList(item(DataType::Int64))).unwrap(),
        ),
        (
            "list_of_unsigned",
            cast(&list, &DataType::List(item(DataType::UInt16))).unwrap(),
        ),
        ("fixed_list", Arc::new(fixed.finish())),
        ("struct", Arc::new(with_nulls)),
        ("composite", Arc::new(rows)),
        ("composites", Arc::new(composites)),
        ("map", Arc::new(map.finish())),
        ("list_of_struct", Arc::new(structs)),
    ]
}

fn batch_of(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_as_it_went_in() {
    for (name, column) in flat_columns().into_iter().chain(nested_columns()) {
        let fixture = Fixture::new();
        let batch = batch_of(vec![(name, column)]);
        fixture.replace(batch.clone()).await;
        let found = fixture.rows(At::Latest).await;
        assert_eq!(found.schema(), batch.schema(), "{name}");
        // NaN is not equal to itself, so compare what is printed.
        let print = |batch| {
            arrow::util::pretty::pretty_format_batches(&[batch])
                .unwrap()
                .to_string()
        };
        assert_eq!(print(found), print(batch), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_types_live_in_one_table_after_reopening() {
    let fixture = Fixture::new();
    let batch = batch_of(flat_columns());
    fixture
        .warehouse
        .create(&fixture.id, batch.schema())
        .await
        .unwrap();
    fixture.append(batch.clone()).await;
    fixture.append(batch.clone()).await;
    let provider = fixture
        .reopened()
        .scan(&fixture.id, At::Latest)
        .await
        .unwrap();
    let found = collect(provider).await;
    assert_eq!(found.schema(), batch.schema());
    assert_eq!(found.num_rows(), 6);
    assert_eq!(
        found.column_by_name("u64"),
        Some(&{
            let once = batch.column_by_name("u64").unwrap();
            arrow::compute::concat(&[once, once]).unwrap()
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nanoseconds_are_cut_and_null_becomes_text() {
    let fixture = Fixture::new();
    let nanoseconds = TimestampNanosecondArray::from(vec![1_999, -1]);
    fixture
        .replace(batch_of(vec![
            ("ns", Arc::new(nanoseconds)),
            ("nothing", Arc::new(NullArray::new(2))),
        ]))
        .await;
    let found = fixture.rows(At::Latest).await;
    assert_eq!(found.schema().field(1).data_type(), &DataType::Utf8);
    assert_eq!(found.column(1).null_count(), 2);
    let values = found.column(0).as_primitive::<TimestampNanosecondType>();
    assert_eq!(values.value(0), 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_may_have_any_name() {
    let fixture = Fixture::new();
    let names = [
        "First Name",
        "a,b;c",
        "{x}",
        "(y)",
        "n\nt\te=",
        "ü.\"q\"",
        "column_1",
        "100%",
    ];
    let columns = names.iter().enumerate().map(|(index, name)| {
        let values = vec![index as i64, index as i64 + 10, 7];
        (*name, Arc::new(Int64Array::from(values)) as ArrayRef)
    });
    let batch = batch_of(columns.collect());
    fixture.replace(batch.clone()).await;
    fixture.append(batch.clone()).await;
    let found = fixture.rows(At::Latest).await;
    assert_eq!(
        found,
        concat_batches(&batch.schema(), [&batch, &batch]).unwrap()
    );

    for pushdown in ["false", "true"] {
        let context = SessionContext::new();
        let setting = format!("SET datafusion.execution.parquet.pushdown_filters = {pushdown}");
        context.sql(&setting).await.unwrap();
        let provider = fixture
            .warehouse
            .scan(&fixture.id, At::Latest)
            .await
            .unwrap();
        context.register_table("t", provider).unwrap();
        let sql =
            r#"SELECT "{x}", "First Name" + 1 AS next FROM t WHERE "First Name" = 10 ORDER BY 1"#;
        let found = context.sql(sql).await.unwrap().collect().await.unwrap();
        let expected = [
            "+-----+------+",
            "| {x} | next |",
            "+-----+------+",
            "| 12  | 11   |",
            "| 12  | 11   |",
            "+-----+------+",
        ];
        datafusion::assert_batches_eq!(expected, &found);
    }
    // A table that had such names once keeps its column mapping, which plain names fit as well.
    fixture.replace(ids([1, 2])).await;
    assert_eq!(fixture.rows(At::Latest).await.num_rows(), 2);
    assert_eq!(fixture.rows(At::Version(0)).await, batch);
}

#[tokio::test(flavor = "multi_thread")]
async fn impossible_tables_are_refused() {
    let fixture = Fixture::new();
    let create = async |fields: Vec<Field>| {
        let schema = Arc::new(Schema::new(fields));
        let error = fixture
            .warehouse
            .create(&fixture.id, schema)
            .await
            .unwrap_err();
        error.sqlstate()
    };
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    assert_eq!(create(vec![]).await, SqlState::INVALID_OBJECT_DEFINITION);
    assert_eq!(
        create(vec![int("a"), int("b"), int("a")]).await,
        SqlState::DUPLICATE_COLUMN
    );
    assert_eq!(
        create(vec![int("a"), int("A")]).await,
        SqlState::DUPLICATE_COLUMN
    );
    let union = DataType::Union(UnionFields::empty(), UnionMode::Dense);
    let union = create(vec![Field::new("u", union, true)]).await;
    assert_eq!(union, SqlState::FEATURE_NOT_SUPPORTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn appended_rows_are_held_against_the_schema() {
    let fixture = Fixture::new();
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int32, false),
        Field::new("at", DataType::Time64(TimeUnit::Microsecond), true),
    ]);
    fixture
        .warehouse
        .create(&fixture.id, Arc::new(schema))
        .await
        .unwrap();
    let append = async |columns| {
        let rows = stream(vec![batch_of(columns)]);
        let info = CommitInfo::new("INSERT");
        fixture.warehouse.append(&fixture.id, rows, info).await
    };
    let id = |value: Option<i64>| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    let noon = Arc::new(Time64NanosecondArray::from(vec![43_200_000_000_000])) as ArrayRef;

    let ok = append(vec![("x", id(Some(1))), ("y", Arc::clone(&noon))])
        .await
        .unwrap();
    assert_eq!((ok.version, ok.rows, ok.files), (1, 1, 1));
    let found = fixture.rows(At::Latest).await;
    let at = found.column(1).as_primitive::<Time64MicrosecondType>();
    assert_eq!(at.value(0), 43_200_000_000);

    let null = append(vec![("x", id(None)), ("y", Arc::clone(&noon))])
        .await
        .unwrap_err();
    assert_eq!(null.sqlstate(), SqlState::NOT_NULL_VIOLATION);
    let narrow = append(vec![("x", id(Some(1)))]).await.unwrap_err();
    assert_eq!(narrow.sqlstate(), SqlState::DATATYPE_MISMATCH);
    let wide = append(vec![("x", id(Some(i64::MAX))), ("y", noon)]).await;
    wide.unwrap_err();
    assert_eq!(fixture.warehouse.version(&fixture.id).await.unwrap(), 1);
}
