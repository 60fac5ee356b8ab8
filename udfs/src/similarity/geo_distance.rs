//! `geo_distance(latitude, longitude, other_latitude, other_longitude)`.

use arrow::array::Array;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind};

/// The mean radius of the Earth in metres: R1 of the Geodetic Reference System 1980 (H. Moritz,
/// Journal of Geodesy 74, 2000).
const RADIUS: f64 = 6_371_008.771_4;

#[user_doc(
    doc_section(label = "Similarity Functions"),
    description = r"The distance in metres between two places on Earth, along a great circle of a sphere of the Earth's mean radius (the haversine formula). The Earth being flattened, the true distance differs by up to 0.5 %.

Places are in degrees, latitude first, north and east positive. A latitude beyond 90 degrees is an error; a longitude may go round as often as it likes. NaN or an infinity is an error.",
    syntax_example = "geo_distance(latitude, longitude, other_latitude, other_longitude)",
    sql_example = r#"```sql
> SELECT round(geo_distance(52.5200, 13.4050, 48.8566, 2.3522) / 1000) AS berlin_to_paris;
+-----------------+
| berlin_to_paris |
+-----------------+
| 877.0           |
+-----------------+
```"#,
    argument(name = "latitude", description = "Degrees north, from -90 to 90."),
    argument(name = "longitude", description = "Degrees east."),
    argument(name = "other_latitude", description = "That of the other place."),
    argument(name = "other_longitude", description = "That of the other place.")
)]
struct GeoDistance;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "geo_distance",
        parameters: &[Kind::Number, Kind::Number, Kind::Number, Kind::Number],
        counts: &[4],
    },
    answer: |_| Ok(DataType::Float64),
    invoke,
    documentation: || GeoDistance.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let degrees = [0, 1, 2, 3].map(|position| call.numbers::<Float64Type>(position));
    let [north, east, other_north, other_east] = degrees;
    let (north, east) = (north?, east?);
    let (other_north, other_east) = (other_north?, other_east?);
    call.rows_to_primitive::<Float64Type>(|row| {
        let columns = [&north, &east, &other_north, &other_east];
        if columns.iter().any(|column| column.is_null(row)) {
            return Ok(None);
        }
        let [north, east, other_north, other_east] = columns.map(|column| column.value(row));
        for latitude in [north, other_north] {
            if !(-90.0..=90.0).contains(&latitude) {
                return Err(FunctionError::invalid_argument(format!(
                    "geo_distance: the latitude {latitude} is not between -90 and 90"
                ))
                .with_hint("Give the latitude before the longitude, in degrees.")
                .into());
            }
        }
        for longitude in [east, other_east] {
            if !longitude.is_finite() {
                return Err(FunctionError::invalid_argument(format!(
                    "geo_distance: the longitude {longitude} is not finite"
                ))
                .into());
            }
        }
        Ok(Some(metres((north, east), (other_north, other_east))))
    })
}

/// R. W. Sinnott, "Virtues of the haversine", Sky and Telescope 68 (1984).
fn metres((north, east): (f64, f64), (other_north, other_east): (f64, f64)) -> f64 {
    let (north, other_north) = (north.to_radians(), other_north.to_radians());
    let across = ((other_east - east) % 360.0).to_radians();
    let half_north = ((other_north - north) / 2.0).sin();
    let half_across = (across / 2.0).sin();
    let haversine =
        half_north * half_north + north.cos() * other_north.cos() * half_across * half_across;
    2.0 * RADIUS * haversine.min(1.0).sqrt().asin()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_distances() {
        let half_way_round = std::f64::consts::PI * RADIUS;
        for (from, to, expected) in [
            ((0.0, 0.0), (0.0, 0.0), 0.0),
            ((90.0, 0.0), (-90.0, 123.0), half_way_round),
            ((0.0, 0.0), (0.0, 180.0), half_way_round),
            ((0.0, -90.0), (0.0, 90.0), half_way_round),
            ((0.0, 10.0), (0.0, 370.0), 0.0),
            ((0.0, 0.0), (0.0, 1.0), half_way_round / 180.0),
            ((0.0, 179.5), (0.0, -179.5), half_way_round / 180.0),
        ] {
            let distance = metres(from, to);
            assert!(
                (distance - expected).abs() < 1e-3,
                "{from:?} {to:?}: {distance}"
            );
        }
    }

    /// The angle between two vectors from the middle of the sphere.
    fn slow(from: (f64, f64), to: (f64, f64)) -> f64 {
        let vector = |(north, east): (f64, f64)| {
            let (north, east) = (north.to_radians(), east.to_radians());
            [
                north.cos() * east.cos(),
                north.cos() * east.sin(),
                north.sin(),
            ]
        };
        let (a, b) = (vector(from), vector(to));
        let cross = [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ];
        let sine = cross.iter().map(|part| part * part).sum::<f64>().sqrt();
        let cosine: f64 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
        RADIUS * sine.atan2(cosine)
    }

    proptest! {
        #[test]
        fn equals_the_angle_between_vectors(
            from in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            to in (-90.0..=90.0_f64, -180.0..=180.0_f64),
        ) {
            let distance = metres(from, to);
            prop_assert!((distance - slow(from, to)).abs() < 1.0, "{distance}");
            prop_assert!((distance - metres(to, from)).abs() < 1e-6);
        }
    }
}
