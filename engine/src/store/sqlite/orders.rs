//! Orders of people, and packs that runs begin with.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::ready::{from_json, nanoseconds, to_json};
use crate::store::{MOST_SETTLED, Order, OrderId, SETTLED_FOR, StoreError};

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
        let read = from_json(order.as_bytes(), &format!("order {id}"));
        let order = read.unwrap_or_else(|error: StoreError| Order::Unreadable { why: error.to_string() });
        orders.push((OrderId(id), order));
    }
    Ok(orders)
}

/// Writes what became of an order, and forgets that of others after a while.
pub(super) fn settle(db: &Connection, order: OrderId, result: &str, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE orders SET result = ?2, settled_at = ?3 WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![order.0, result, nanoseconds(at)])?;
    let old = at.saturating_sub(SETTLED_FOR).unwrap_or(Timestamp::MIN);
    // Of those settled by an older program it is not known when they were.
    let sql = "DELETE FROM orders WHERE result IS NOT NULL AND (settled_at IS NULL OR settled_at < ?1)";
    db.prepare_cached(sql)?.execute([nanoseconds(old)])?;
    let sql = "DELETE FROM orders WHERE result IS NOT NULL AND settled_at <
                   (SELECT settled_at FROM orders WHERE result IS NOT NULL ORDER BY settled_at DESC LIMIT 1 OFFSET ?1)";
    db.prepare_cached(sql)?.execute([MOST_SETTLED])?;
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
