//! Orders of people, and packs that runs begin with.

use rusqlite::{Connection, OptionalExtension, params};

use super::ready::{from_json, to_json};
use crate::store::{Order, OrderId, StoreError};

/// Orders of which it is remembered what became of them.
const MOST_SETTLED: u64 = 1_000;

/// Writes an order.
pub(super) fn place(db: &Connection, order: &str) -> Result<OrderId, StoreError> {
    let id = db.prepare_cached("INSERT INTO orders (placed) VALUES (?1)")?.insert([order])?;
    Ok(OrderId(id.cast_unsigned()))
}

/// The orders that are not carried out, oldest first.
pub(super) fn open_orders(db: &Connection) -> Result<Vec<(OrderId, Order)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, placed FROM orders WHERE result IS NULL ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut orders = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, order): (u64, String) = (row.get(0)?, row.get(1)?);
        orders.push((OrderId(id), from_json(order.as_bytes(), &format!("order {id}"))?));
    }
    Ok(orders)
}

/// Writes what became of an order, and forgets that of old ones. One that waited for long is old itself, and whoever gave
/// it is to hear of it.
pub(super) fn settle(db: &Connection, order: OrderId, result: &str) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE orders SET result = ?2 WHERE id = ?1")?.execute(params![order.0, result])?;
    let sql = "DELETE FROM orders WHERE result IS NOT NULL AND id <= (SELECT max(id) FROM orders) - ?1
               AND id <> ?2";
    db.prepare_cached(sql)?.execute([MOST_SETTLED, order.0])?;
    Ok(())
}

/// What became of an order.
pub(super) fn settled(db: &Connection, order: OrderId) -> Result<Option<Result<String, String>>, StoreError> {
    let mut statement = db.prepare_cached("SELECT result FROM orders WHERE id = ?1")?;
    let result: Option<Option<String>> = statement.query_row([order.0], |row| row.get(0)).optional()?;
    result
        .flatten()
        .map(|result| from_json(result.as_bytes(), &format!("what became of order {}", order.0)))
        .transpose()
}

/// A text of JSON.
pub(super) fn to_text(value: &impl serde::Serialize) -> Result<String, StoreError> {
    Ok(String::from_utf8_lossy(&to_json(value)?).into_owned())
}

/// Keeps a pack, where it is not kept.
pub(super) fn keep_pack(db: &Connection, content: &str, pack: &[u8]) -> Result<(), StoreError> {
    let sql = "INSERT INTO packs (content, pack) VALUES (?1, ?2)
               ON CONFLICT (content) DO UPDATE SET pack = excluded.pack WHERE pack IS NULL";
    db.prepare_cached(sql)?.execute(params![content, pack])?;
    Ok(())
}

/// The pack of that content.
pub(super) fn pack(db: &Connection, content: &str) -> Result<Option<serde_json::Value>, StoreError> {
    let mut statement = db.prepare_cached("SELECT pack FROM packs WHERE content = ?1")?;
    let pack: Option<Option<Vec<u8>>> = statement.query_row([content], |row| row.get(0)).optional()?;
    pack.flatten().map(|pack| from_json(&pack, &format!("pack `{content}`"))).transpose()
}
