//! What the footer of a Parquet file says of the cells of a row group: the least, the greatest, and whether any is empty.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array, Int64Array,
    StringArray, new_null_array,
};
use arrow_schema::DataType;
use parquet::basic::ColumnOrder;
use parquet::file::statistics::Statistics;

use super::parquet_file::ParquetFile;

/// The cells of a column of a row group, as far as the footer tells.
pub(crate) struct Extremes {
    /// The least and the greatest of the cells that are there, and an empty one where there is one; of the type that the
    /// column is read with.
    pub(crate) cells: ArrayRef,
    /// Whether some cells are empty.
    pub(crate) has_empty: bool,
    /// Whether everything between the least and the greatest is a value as they are: so of numbers and days, not of texts.
    pub(crate) is_ordered: bool,
}

impl ParquetFile {
    /// The extremes of a column in a row group; `None` where the footer does not tell them, or not surely.
    pub(crate) fn extremes(&self, group: usize, root: usize) -> Option<Extremes> {
        let schema = self.metadata.parquet_schema();
        let mut leaves = (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == root);
        let (Some(leaf), None) = (leaves.next(), leaves.next()) else { return None };
        let column = schema.column(leaf);
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return None;
        }
        let file = self.metadata.metadata();
        if !matches!(file.file_metadata().column_order(leaf), ColumnOrder::TYPE_DEFINED_ORDER(_)) {
            return None;
        }
        let group = file.row_groups().get(group)?;
        let rows = u64::try_from(group.num_rows()).ok()?;
        let statistics = group.columns().get(leaf)?.statistics()?;
        let empty = statistics.null_count_opt().filter(|empty| *empty <= rows)?;
        // Those of old writers are in an order that is not told.
        if statistics.is_min_max_deprecated() {
            return None;
        }
        let data_type = self.metadata.schema().fields().get(root)?.data_type();
        if empty == rows {
            return Some(Extremes { cells: new_null_array(data_type, 1), has_empty: true, is_ordered: true });
        }
        let cells = cells(data_type, statistics, empty > 0)?;
        let is_ordered = !matches!(data_type, DataType::Utf8 | DataType::Dictionary(..));
        Some(Extremes { cells, has_empty: empty > 0, is_ordered })
    }
}

/// Least, greatest and perhaps nothing.
fn cells(data_type: &DataType, statistics: &Statistics, has_empty: bool) -> Option<ArrayRef> {
    let nothing = usize::from(has_empty);
    Some(match (data_type, statistics) {
        (DataType::Int32, Statistics::Int32(of)) => {
            Arc::new(Int32Array::from(ends(*of.min_opt()?, *of.max_opt()?, nothing)?))
        }
        (DataType::Date32, Statistics::Int32(of)) => {
            Arc::new(Date32Array::from(ends(*of.min_opt()?, *of.max_opt()?, nothing)?))
        }
        (DataType::Int64, Statistics::Int64(of)) => {
            Arc::new(Int64Array::from(ends(*of.min_opt()?, *of.max_opt()?, nothing)?))
        }
        (DataType::Boolean, Statistics::Boolean(of)) => {
            Arc::new(BooleanArray::from(ends(*of.min_opt()?, *of.max_opt()?, nothing)?))
        }
        (DataType::Decimal128(precision, scale), _) => {
            let (least, greatest) = match statistics {
                Statistics::Int32(of) => (i128::from(*of.min_opt()?), i128::from(*of.max_opt()?)),
                Statistics::Int64(of) => (i128::from(*of.min_opt()?), i128::from(*of.max_opt()?)),
                Statistics::FixedLenByteArray(of) => {
                    (whole(of.min_bytes_opt()?)?, whole(of.max_bytes_opt()?)?)
                }
                _ => return None,
            };
            let cells = Decimal128Array::from(ends(least, greatest, nothing)?);
            Arc::new(cells.with_precision_and_scale(*precision, *scale).ok()?)
        }
        (DataType::Utf8, Statistics::ByteArray(_)) => Arc::new(texts(statistics, nothing)?),
        (DataType::Dictionary(keys, values), Statistics::ByteArray(_))
            if **keys == DataType::Int32 && **values == DataType::Utf8 =>
        {
            let values = texts(statistics, 0)?;
            let keys = Int32Array::from(ends(0, 1, nothing)?);
            Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).ok()?)
        }
        _ => return None,
    })
}

fn ends<T: PartialOrd>(least: T, greatest: T, nothing: usize) -> Option<Vec<Option<T>>> {
    let is_order = matches!(least.partial_cmp(&greatest), Some(Ordering::Less | Ordering::Equal));
    let mut cells = vec![Some(least), Some(greatest)];
    cells.extend((0..nothing).map(|_| None));
    is_order.then_some(cells)
}

/// The least and the greatest text. They may be shortened, but then the one is before all texts and the other after all.
fn texts(statistics: &Statistics, nothing: usize) -> Option<StringArray> {
    let text = |bytes: Option<&[u8]>| Some(std::str::from_utf8(bytes?).ok()?.to_owned());
    let (least, greatest) = (text(statistics.min_bytes_opt())?, text(statistics.max_bytes_opt())?);
    Some(StringArray::from_iter(ends(least, greatest, nothing)?))
}

/// A whole number from its bytes, the greatest first.
fn whole(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let mut all = [if first >= 0x80 { 0xFF } else { 0 }; 16];
    let start = all.len().checked_sub(bytes.len())?;
    all.get_mut(start..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(all))
}
