//! Partner Center: referrals on one host, webhook registrations on another, events between.
//!
//! A request for a referral goes `routes` → [`Referrals`] (`create`, `patch`, `put`, `listing`), which
//! keep the full shape (`shape`, with each member's type in `schema`) and the state rules (`states`); `category` says who may see it, `present` how it is
//! written. What changed becomes an event
//! (`events`), which `deliver` signs and posts to the address in `registration`. `portal` is what
//! a person does to deals in the browser, `passing` what time does to them.

mod category;
mod create;
mod deal_registration;
mod deliver;
mod events;
mod listing;
mod passing;
mod patch;
mod portal;
mod present;
mod put;
mod referrals;
mod refusal;
mod registration;
mod routes;
mod schema;
mod shape;
mod states;
mod webhook_routes;

pub(crate) use deliver::{Deliveries, Switches, switch};
pub(crate) use passing::{let_time_pass, look};
pub(crate) use portal::{Deal, Verdict, change_deal, judge_registration, make_deal};
pub(crate) use referrals::{Referral, Referrals};
pub(crate) use refusal::Refusal;
pub(crate) use registration::{Webhooks, WebhooksSnapshot};
pub(crate) use routes::router as referral_router;
pub(crate) use webhook_routes::router as webhook_router;
