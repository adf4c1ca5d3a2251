# Behind the program: every stream that it comes to is an output.
streams = list(result) if isinstance(result, (list, tuple)) else ([result] if result is not None else [])
for number, stream in enumerate(streams):
    wire(number, stream)
