//! From a core module to a component.

use std::path::Path;

use anyhow::{Context as _, Result};
use wit_component::ComponentEncoder;

use super::read;

/// Makes the component of a module. A file that is already that is left alone, so that its time tells of changes.
pub(super) fn make(module: &Path, component: &Path) -> Result<()> {
    let bytes = encode(&read(module)?)
        .with_context(|| format!("{} could not be made a component", module.display()))?;
    if std::fs::read(component).is_ok_and(|made| made == bytes) {
        return Ok(());
    }
    std::fs::write(component, bytes).with_context(|| format!("writing {}", component.display()))
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module)?;
    encoder.encode()
}
