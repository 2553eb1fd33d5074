//! `cosell demo`: the main job on the sandbox, told in plain words and checked at its end.
//!
//! Everything goes the way it goes in earnest: the people act through the services' own APIs, the services
//! sign and send their events, the engine's connectors call back over HTTP.

mod stage;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::print;
use stage::Stage;

pub(super) async fn demo() -> Result<(), Failure> {
    let mut stage = Stage::set().await?;
    let opportunity = from_the_crm(&mut stage).await?;
    let referral = from_partner_center(&mut stage).await?;
    print::heading("\nIn the end, on both sides");
    let sides = [stage.pair_of_opportunity(&opportunity).await?, stage.pair_of_referral(&referral).await?];
    let wrong: Vec<String> = sides.iter().flat_map(Pair::told).collect();
    stage.count_records().await?;
    stage.strike().await;
    if !wrong.is_empty() {
        return Err(Failure::Data(format!("the two sides differ: {}", wrong.join("; "))));
    }
    look_further();
    Ok(())
}

/// An opportunity is created, then changed, in the CRM.
async fn from_the_crm(stage: &mut Stage) -> Result<String, Failure> {
    stage.scene("A seller creates an opportunity in Dynamics 365, with Microsoft's help wanted");
    let opportunity = stage.people().create_opportunity().await?;
    stage.tell().await?;
    stage.scene("The seller changes its value, its closing date and its description");
    let change =
        json!({ "estimatedvalue": 48_000, "estimatedclosedate": "2027-03-31", "description": "Two more sites" });
    stage.people().change_opportunity(&opportunity, &change).await?;
    stage.tell().await?;
    Ok(opportunity)
}

/// A deal is created, then changed, in Partner Center; the same event comes again.
async fn from_partner_center(stage: &mut Stage) -> Result<String, Failure> {
    stage.scene("A deal is created in Partner Center");
    let deal = json!({ "name": "Harbour pilot", "dealValue": 30_000, "currency": "EUR", "notes": "Met at the fair" });
    let referral = stage.people().create_deal(&deal).await?;
    stage.tell().await?;
    stage.scene("Its value and its closing date are changed in Partner Center");
    let change = json!({ "dealValue": 36_500, "closingDate": "2027-05-14T00:00:00Z" });
    stage.people().change_deal(&referral, &change).await?;
    stage.tell().await?;
    stage.scene("The same event comes again, twice");
    let before = stage.people().writes().await?;
    stage.people().repeat_event(&referral).await?;
    stage.tell().await?;
    let written = stage.people().writes().await? - before;
    if written > 0 {
        return Err(Failure::Data(format!("an event without a change led to {written} writes")));
    }
    print::line("  nothing was written on either side");
    Ok(referral)
}

/// A referral and its opportunity.
struct Pair {
    referral: Value,
    opportunity: Value,
}

impl Pair {
    /// Prints both sides, and gives what differs.
    fn told(&self) -> Vec<String> {
        let text = |value: &Value, pointer: &str| value.pointer(pointer).map(crate::narrate::shown).unwrap_or_default();
        let name = |text: String| text.trim_start_matches("✔ ").to_owned();
        let day = |text: String| text.chars().take(10).collect::<String>();
        let number = |text: String| text.parse::<f64>().map_or(text, |number| number.to_string());
        let (referral, opportunity) = (&self.referral, &self.opportunity);
        let rows = [
            ("name", name(text(referral, "/name")), name(text(opportunity, "/name"))),
            ("deal value", number(text(referral, "/details/dealValue")), number(text(opportunity, "/estimatedvalue"))),
            (
                "currency",
                text(referral, "/details/currency"),
                text(opportunity, "/transactioncurrencyid/isocurrencycode"),
            ),
            ("closes", day(text(referral, "/details/closingDateTime")), day(text(opportunity, "/estimatedclosedate"))),
            ("notes", text(referral, "/details/notes"), text(opportunity, "/description")),
            ("referral id", text(referral, "/id"), text(opportunity, "/cosell_referralid")),
            ("CRM id", text(referral, "/externalReferenceId"), text(opportunity, "/opportunityid")),
        ];
        print::line(format!("  {:12} {:38} {}", "", "Partner Center", "Dynamics 365"));
        for (label, left, right) in &rows {
            print::line(format!("  {label:12} {left:38} {right}"));
        }
        print::line("");
        rows.into_iter()
            .filter(|(_, left, right)| left != right)
            .map(|(label, left, right)| format!("{label}: {left} and {right}"))
            .collect()
    }
}

fn look_further() {
    print::heading("Look further");
    for (command, what) in [
        ("cosell run --sandbox", "keep it running, and change deals yourself"),
        ("cosell graph --flow partner-center-to-dynamics365", "see a flow as a picture"),
        ("cosell pack new my-pack", "make a pack of your own: its field mapping is mappings/opportunity.yaml"),
        ("cosell check --pack my-pack", "have every mistake told in its place"),
    ] {
        print::line(format!("  {command:52} {what}"));
    }
}
