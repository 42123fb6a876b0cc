//! The layer of the environment: `TEAHOUSE__SECTION__KEY`.

use super::keys::PREFIX;
use super::layer::Layer;
use super::problem::Origin;

/// Reads `variables`. One that is empty counts as not there: many a tool can't leave a variable out.
pub(crate) fn layer(variables: impl Iterator<Item = (String, String)>) -> Layer {
    let mut layer = Layer::new("environment");
    for (name, text) in variables.filter(|(_, text)| !text.is_empty()) {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            let path = rest.replace("__", ".").to_ascii_lowercase();
            layer.read(&path, &text, Origin::Variable(name));
        }
    }
    layer
}
