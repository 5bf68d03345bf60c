"""The app. `streamlit run app.py` reads this file twice, for two purposes.

Imported once as a module, it holds `app`, the server; run as a script for every visitor and every action, it draws
the frame and the page that the address names.
"""

import streamlit as st

if __name__ == "__main__":
    from attnviz.web.shell.frame import show

    show()
else:
    from attnviz.web.serving.start import middleware, prepare, script_failed

    prepare()
    app = st.App(__file__, on_script_error=script_failed, middleware=middleware())
