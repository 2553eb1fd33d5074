//! A store with one million finished runs: what it does to throughput, to the history and to a start.
//!
//! The runs are to be written straight into a store's file, since running them would take an hour.
