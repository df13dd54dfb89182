//! Plain tables: columns apart, no lines, so that they can be read, grepped and cut.

use comfy_table::{CellAlignment, Table, presets};

/// A table with headings; nothing is wrapped or cut. `right`: the columns of numbers.
pub(super) fn table<const N: usize>(headings: [&str; N], right: &[usize], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings.map(str::to_uppercase)).add_rows(rows);
    lay_out(table, right, "")
}

/// A list in columns, without headings, indented.
pub(super) fn columns<const N: usize>(right: &[usize], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).add_rows(rows);
    lay_out(table, right, "  ")
}

fn lay_out(mut table: Table, right: &[usize], indent: &str) -> String {
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| format!("{}\n", format!("{indent}{line}").trim_end())).collect()
}
