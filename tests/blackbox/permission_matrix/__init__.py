"""The permission matrix: every route × every built-in role × both modes of a registry, against the running program.

What is expected is worked out here, from the table that `berth routes --json` prints and from the built-in roles as Azure
publishes them, by an evaluator that shares nothing with the program. Tests: ../test_permission_matrix*.py.

    module        what it gives
    route_table   Route: the program's own table
    evaluator     Role, Assignment, is_allowed(): Azure's rule, as plainly as it can be written
    people        World: two registries, one in each mode, and for each role principals that hold it and nothing else,
                  at the root, at a management group, at the subscription, or at one of the registries
    calls         how to call each route. A route that is new calls itself if its parameters are known here

A new route has to be in none of these lists, unless it has a parameter that nothing else has (calls.PARAMETERS), is a list
(../test_permission_matrix_lists.py) or asks for further permissions (../test_permission_matrix_further.py).
"""
