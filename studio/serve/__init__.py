"""An OpenAI-compatible server on this machine alone. Its HTTP side has a thread of its own and never touches
MLX: each request becomes a job, which whoever started the server has performed on the engine's thread. No Qt.
"""
