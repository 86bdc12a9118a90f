"""The stages of a study: what each unit of work needs, computes, stores and costs."""
