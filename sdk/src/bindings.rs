//! What wit-bindgen makes of `wit/`. One module per world; the three plugin worlds share the types of `host`,
//! and a world's exports reach a component only through its own `export!`.

/// What every plugin imports.
pub mod host {
    wit_bindgen::generate!({
        path: "../wit",
        world: "host",
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

macro_rules! world {
    ($(#[$doc:meta])* $module:ident, $world:literal, $export:literal, $bindings:literal) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "a record of the contract comes as all its words in a row")]
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                pub_export_macro: true,
                disable_custom_section_link_helpers: true,
                export_macro_name: $export,
                default_bindings_module: $bindings,
                generate_unused_types: true,
                additional_derives: [PartialEq],
                with: {
                    "baton:plugin/types@0.2.0": super::host::baton::plugin::types,
                    "baton:plugin/waits@0.2.0": super::host::baton::plugin::waits,
                    "baton:plugin/run@0.2.0": super::host::baton::plugin::run,
                    "baton:plugin/llm@0.2.0": super::host::baton::plugin::llm,
                    "baton:plugin/files@0.2.0": super::host::baton::plugin::files,
                    "baton:plugin/state@0.2.0": super::host::baton::plugin::state,
                    "baton:plugin/agents@0.2.0": super::host::baton::plugin::agents,
                    "baton:plugin/workflows@0.2.0": super::host::baton::plugin::workflows,
                    "baton:plugin/people@0.2.0": super::host::baton::plugin::people,
                    "baton:plugin/assets@0.2.0": super::host::baton::plugin::assets,
                    "baton:plugin/settings@0.2.0": super::host::baton::plugin::settings,
                    "baton:plugin/tools@0.2.0": super::host::baton::plugin::tools,
                    "baton:plugin/knowledge@0.2.0": super::host::baton::plugin::knowledge,
                    "baton:plugin/git@0.2.0": super::host::baton::plugin::git,
                    "baton:plugin/sandbox@0.2.0": super::host::baton::plugin::sandbox,
                    "baton:plugin/backlog@0.2.0": super::host::baton::plugin::backlog,
                    "baton:plugin/forge@0.2.0": super::host::baton::plugin::forge,
                },
            });
        }
    };
}

world!(
    /// Exports of a workflow.
    workflow, "workflow", "export_workflow", "baton_sdk::bindings::workflow"
);
world!(
    /// Exports of an agent.
    agent, "agent", "export_agent", "baton_sdk::bindings::agent"
);
world!(
    /// Exports of a toolbox.
    toolbox, "toolbox", "export_toolbox", "baton_sdk::bindings::toolbox"
);
