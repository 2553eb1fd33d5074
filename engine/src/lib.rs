//! cosell-engine
pub mod check;
pub mod clock;
pub mod connector;
pub mod difference;
pub mod document;
pub mod engine;
pub mod expression;
pub mod flow;
pub mod inbox;
pub mod mapping;
pub mod outcome;
pub mod pack;
pub mod plan;
pub mod run;
pub mod source;
pub mod store;
