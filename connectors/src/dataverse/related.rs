//! Related rows as they should be: compared by content with what is there, then made, changed or deleted.

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::compare::{compared, equal};
use super::fields::Selection;
use super::metadata::Table;
use super::service::{Dataverse, id_of};
use super::write::{Place, PreparedRelation};
use super::{api, filter};

/// How many related rows are compared. The service lets a deal have fifty of a kind.
const MOST: usize = 5000;

/// What is to be done so that the related rows are as they should be.
#[derive(Debug, Default, PartialEq)]
struct Steps {
    /// Rows to make, each with how many wanted rows of the same content come before it.
    create: Vec<(usize, Map<String, Value>)>,
    update: Vec<(Uuid, Map<String, Value>)>,
    delete: Vec<Uuid>,
}

impl Dataverse {
    /// Makes the related rows of a row what they should be. Whether anything was done.
    ///
    /// A repeat finds what an earlier attempt did and goes on from there; what a list does not show yet is
    /// made with the id that it has already, and so not twice.
    pub(super) async fn relate(
        &self,
        place: &Place<'_>,
        owner: &Table,
        id: Uuid,
        wanted: PreparedRelation,
    ) -> Result<bool, CallError> {
        let PreparedRelation { collection, table, rows } = wanted;
        let mut columns: Vec<String> = rows.iter().flat_map(compared).map(|(name, _)| name.clone()).collect();
        columns.push(table.key.clone());
        let selection = Selection::of(&table, &columns)?;
        let request = api::related(owner, id, &collection.navigation, &selection, MOST);
        let there = self.rows(place.key, request, &selection, MOST).await?;
        let steps = steps(&table, &rows, &there)?;
        if steps == Steps::default() {
            return Ok(false);
        }
        let back = table.lookups_of(&collection.column);
        let back = back.iter().find(|lookup| lookup.target == owner.name);
        let back = back.ok_or_else(|| table.unknown(&collection.column))?;
        for (before, mut row) in steps.create {
            row.insert(format!("{}@odata.bind", back.written_as), json!(api::reference(owner, id)));
            // The place of a row is its content, whatever else is made: so it is the same for every attempt.
            let content = format!("{}[{before}]{}", collection.navigation, Value::Object(row.clone()));
            self.insert(&place.below(&content), &table, row).await?;
        }
        for (id, changes) in steps.update {
            self.send(place.key, api::update(&table, id, changes, "*")).await?;
        }
        for id in steps.delete {
            self.delete(place.key, &table, id).await?;
        }
        Ok(true)
    }

    async fn delete(&self, key: &CallKey, table: &Table, id: Uuid) -> Result<(), CallError> {
        match self.send(key, api::delete(table, id)).await {
            Err(error) if error.kind != CallErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Pairs wanted rows with those that are there: first by content, then by id. Two rows of the same
/// content are two rows.
fn steps(table: &Table, wanted: &[Map<String, Value>], there: &[Map<String, Value>]) -> Result<Steps, CallError> {
    let mut unpaired: Vec<&Map<String, Value>> = there.iter().collect();
    let mut different = Vec::new();
    for (place, row) in wanted.iter().enumerate() {
        match unpaired.iter().position(|there| same(row, there)) {
            Some(index) => drop(unpaired.remove(index)),
            None => different.push((wanted.iter().take(place).filter(|before| *before == row).count(), row.clone())),
        }
    }
    let mut steps = Steps::default();
    for (before, row) in different {
        let id = row.get(&table.key).filter(|id| !filter::is_empty(id));
        let by_id = unpaired.iter().position(|there| id.is_some() && there.get(&table.key) == id);
        match by_id {
            Some(index) => {
                let there = unpaired.remove(index);
                let changes = row.into_iter().filter(|(name, value)| !equal(value, there.get(name)));
                steps.update.push((id_of(table, there)?, changes.collect()));
            }
            None => steps.create.push((before, row)),
        }
    }
    for row in unpaired {
        steps.delete.push(id_of(table, row)?);
    }
    Ok(steps)
}

fn same(wanted: &Map<String, Value>, there: &Map<String, Value>) -> bool {
    compared(wanted).all(|(name, value)| equal(value, there.get(name)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::metadata::tests::definition;
    use super::*;
    use crate::client::Reply;

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-8222-222222222222";

    fn rows(list: Value) -> Vec<Map<String, Value>> {
        serde_json::from_value(list).unwrap()
    }

    fn check(wanted: Value, there: Value, expected: Steps) {
        let definition = definition("solution", "solutions", &["name", "price"]);
        let table = Table::read(&Reply::for_test(200, &definition.to_string())).unwrap();
        let there = rows(there);
        assert_eq!(steps(&table, &rows(wanted.clone()), &there).unwrap(), expected, "{wanted}");
    }

    #[test]
    fn rows_are_paired() {
        check(json!([]), json!([]), Steps::default());
        check(
            json!([{ "name": "a", "price": 1 }, { "name": "", "price": null }]),
            json!([{ "solutionid": B, "name": null }, { "solutionid": A, "name": "a", "price": 1.0 }]),
            Steps::default(),
        );
        check(
            json!([{ "name": "a" }, { "name": "a" }, { "name": "new" }]),
            json!([{ "solutionid": A, "name": "a" }, { "solutionid": B, "name": "old" }]),
            Steps {
                create: [1, 0].into_iter().zip(rows(json!([{ "name": "a" }, { "name": "new" }]))).collect(),
                update: vec![],
                delete: vec![B.parse().unwrap()],
            },
        );
        check(
            json!([{ "solutionid": A, "name": "renamed", "price": 2 }]),
            json!([{ "solutionid": A, "name": "a", "price": 2.0 }]),
            Steps {
                update: vec![(A.parse().unwrap(), rows(json!([{ "name": "renamed" }])).remove(0))],
                ..Steps::default()
            },
        );
    }
}
