//! Python to plan: parsing, name resolution, the programs that build pipelines, and the catalogue of their methods.
