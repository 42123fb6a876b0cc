//! The compiler's child, as the server has it.

fn main() {
    std::process::exit(teahouse_plugin_host::compile_child());
}
