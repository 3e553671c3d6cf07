"""A ninth task, as somebody would add one: its module and its definition. `test_adding_a_task` puts them in their places."""
