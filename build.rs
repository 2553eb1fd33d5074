//! The packs and the documentation are built into the command: when they change, so does the command.

fn main() {
    println!("cargo:rerun-if-changed=flows");
    println!("cargo:rerun-if-changed=docs");
}
